// Package storetest has what tests of and over stores need: a real S3 server,
// a proxy that makes its network unreliable, and the suite that every backend
// must pass.
package storetest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/store"
)

const (
	accessKey = "parity"
	secretKey = "parity-secret"
)

var buckets atomic.Int64

const s3Folder = "PARITY_TEST_S3_FOLDER"

// S3Folder is the folder in which the server that S3 started keeps the objects
// of a location, as files named for their keys.
func S3Folder(location string) string {
	return filepath.Join(os.Getenv(s3Folder), strings.TrimPrefix(location, "s3://"))
}

// S3 starts a versitygw, a real S3 server over a temporary folder, that lives as
// long as the test, and points the AWS_* environment at it. It returns a
// location in a new bucket. Without the server's binary the test is skipped,
// where PARITY_NO_SKIP is set it fails.
func S3(t testing.TB) (location string) {
	t.Helper()
	endpoint, folder := startVersitygw(t)
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_S3": endpoint, "AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey,
		"AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": empty, "AWS_SHARED_CREDENTIALS_FILE": empty,
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", s3Folder: folder,
	} {
		t.Setenv(name, value)
	}
	bucket := fmt.Sprintf("bucket-%d", buckets.Add(1))
	// versitygw takes the folders of its root for buckets.
	if err := os.Mkdir(filepath.Join(folder, bucket), 0o700); err != nil {
		t.Fatal(err)
	}
	return store.Join("s3://"+bucket, "some prefix")
}

// startVersitygw starts the server and waits until it answers.
func startVersitygw(t testing.TB) (endpoint, folder string) {
	t.Helper()
	binary, folder, address := versitygw(t), t.TempDir(), freeAddress(t)
	cmd := exec.Command(binary, "--quiet", "--keep-alive", "--health", "/health", "--port", address, "posix", folder)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+accessKey, "ROOT_SECRET_ACCESS_KEY="+secretKey)
	cmd.Stderr = t.Output()
	dieWithParent(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, exited := context.WithCancelCause(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		exited(fmt.Errorf("%s ended: %v", binary, cmd.Wait()))
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	awaitHealth(ctx, t, "http://"+address)
	return "http://" + address, folder
}

// awaitHealth asks until the server answers, ends, or a minute has passed.
func awaitHealth(ctx context.Context, t testing.TB, endpoint string) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, fmt.Errorf("%s does not answer", endpoint))
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/health", nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("start S3 server: %v", context.Cause(ctx))
		}
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// versitygw finds the binary: PARITY_VERSITYGW, or where the Makefile builds it.
func versitygw(t testing.TB) string {
	t.Helper()
	binary := os.Getenv("PARITY_VERSITYGW")
	if binary == "" {
		binary = filepath.Join(repository(t), ".cache", "bin", "versitygw")
	}
	if _, err := os.Stat(binary); err != nil {
		const sentence = "no S3 server to test against: run make test, which builds it"
		if os.Getenv("PARITY_NO_SKIP") != "" {
			t.Fatalf("%s: %v", sentence, err)
		}
		t.Skip(sentence)
	}
	return binary
}

// repository is the folder above the test that holds go.mod.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod above the test's folder")
	return ""
}
