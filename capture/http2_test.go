package capture

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// If this fails clients of an old service that speaks HTTP/2 in cleartext, as
// gRPC's do, can't be put behind the sidecar, or lose the trailers in which
// gRPC tells how a call ended.
func TestHTTP2InCleartext(t *testing.T) {
	back := &http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "Grpc-Status")
		w.Header().Set("X-Saw", r.Proto+" "+r.Header.Get("Te"))
		io.Copy(w, r.Body)
		w.Header().Set("Grpc-Status", "0 "+r.Trailer.Get("X-Sum"))
	})}
	back.Protocols.SetHTTP1(true)
	back.Protocols.SetUnencryptedHTTP2(true)
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	go back.Serve(l)
	defer back.Close()
	client := &http.Transport{Protocols: new(http.Protocols)}
	client.Protocols.SetUnencryptedHTTP2(true)
	defer client.CloseIdleConnections()
	rows, ledger, _ := through(t, l.Addr().String(), func(front string) {
		req := must(http.NewRequest("POST", "http://"+front+"/pkg.Service/Method?x;y", io.MultiReader(strings.NewReader("body"))))
		req.Header.Set("Te", "trailers")
		req.Trailer = http.Header{"X-Sum": {"7"}}
		res := must(client.RoundTrip(req))
		body := must(io.ReadAll(res.Body))
		res.Body.Close()
		if res.ProtoMajor != 2 || string(body) != "body" || res.Header.Get("X-Saw") != "HTTP/2.0 trailers" || res.Trailer.Get("Grpc-Status") != "0 7" {
			t.Errorf("%s %q %v %v", res.Proto, body, res.Header, res.Trailer)
		}
		client.CloseIdleConnections()
	})
	balanced(t, ledger, 1)
	if e := rows[0]; e.Request.Path != "/pkg.Service/Method?x;y" || string(e.Reference.Body) != "body" || e.Defect != "" {
		t.Errorf("%+v", e)
	}
}
