// Sagemaker serves the new endpoints of `parity demo` as SageMaker Serverless
// endpoints would be, on loopback and without an account: cold starts, a
// concurrency limit, throttles, signatures. It prints what to paste.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"time"

	"github.com/modelparity/parity/internal/demo"
	"github.com/modelparity/parity/internal/sagemakertest"
)

const (
	region, keyID, secret = "eu-west-1", "AKIDEXAMPLE", "not-a-secret"
	seed                  = 1 // that of parity demo, so that its recording is of these models
	coldStart             = 300 * time.Millisecond
	maxConcurrency        = 4
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, out io.Writer) error {
	world, err := demo.Start(seed)
	if err != nil {
		return err
	}
	defer world.Close()
	runtime, err := endpoints(world)
	if err != nil {
		return err
	}
	defer runtime.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: runtime}
	defer server.Close()
	go server.Serve(listener)
	fmt.Fprintf(out, `export AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME=http://%s AWS_REGION=%s
export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s
parity demo    # makes parity-demo/recording
parity run parity-demo/recording --target 'sagemaker://mod-{model}' --config parity-demo/parity.yaml --concurrency auto --out run-sagemaker
`, listener.Addr(), region, keyID, secret)
	<-ctx.Done()
	return nil
}

// endpoints are one a model, mod-{model}, in front of the demo's new service.
func endpoints(world *demo.World) (*sagemakertest.Runtime, error) {
	service, err := url.Parse(world.NewURL())
	if err != nil {
		return nil, err
	}
	runtime := &sagemakertest.Runtime{Region: region, Keys: map[string]sagemakertest.Key{keyID: {Secret: secret}}, Endpoints: map[string]*sagemakertest.Endpoint{}}
	for _, m := range world.Models() {
		container := http.NewServeMux()
		container.HandleFunc("GET /ping", func(http.ResponseWriter, *http.Request) {})
		container.Handle("POST /invocations", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(service)
			r.Out.URL.Path = "/models/" + m.Model + "/classify"
		}})
		runtime.Endpoints["mod-"+m.Model] = &sagemakertest.Endpoint{Container: container, Provision: starting, MaxConcurrency: maxConcurrency}
	}
	return runtime, nil
}

func starting(ctx context.Context) {
	select {
	case <-time.After(coldStart):
	case <-ctx.Done():
	}
}
