package store_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/internal/store/storetest"
)

// Lost: a committed object, to a worker that took its own success for another's
// failure, or the other way round.
func TestS3LostAnswer(t *testing.T) {
	location := storetest.S3(t)
	storetest.Proxy(t, storetest.FirstPut(storetest.LoseAnswer))
	b := open(t, location)
	if err := store.PutBytes(t.Context(), b, "a", []byte("text")); !errors.Is(err, store.ErrExists) {
		t.Errorf("put whose answer got lost: error %v, want ErrExists", err)
	}
	wantText(t, b, "a", "text")
}

// Lost: a night's run, to a server that was busy for a moment. The body must be
// sent again from its start.
func TestS3Retries(t *testing.T) {
	for code, status := range map[string]int{
		"ConditionalRequestConflict": http.StatusConflict,
		"SlowDown":                   http.StatusServiceUnavailable,
		"InternalError":              http.StatusInternalServerError,
	} {
		t.Run(code, func(t *testing.T) {
			location := storetest.S3(t)
			refused := false
			storetest.Proxy(t, storetest.FirstPut(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				_, err := io.Copy(io.Discard, r.Body)
				refused = err == nil
				storetest.Refuse(status, code)(w, r, next)
			}))
			b := open(t, location)
			if err := store.PutBytes(t.Context(), b, "a", []byte("text")); err != nil {
				t.Error(err)
			}
			if !refused {
				t.Error("the proxy was not asked")
			}
			wantText(t, b, "a", "text")
		})
	}
}

// Lost: the promise that a command which is interrupted leaves nothing
// half-written.
func TestS3Cancelled(t *testing.T) {
	location, stall := storetest.S3(t), storetest.NewStall()
	storetest.Proxy(t, storetest.FirstPut(stall.Fault))
	b := open(t, location)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- store.PutBytes(ctx, b, "a", make([]byte, 1<<20)) }()
	<-stall.Reached
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("put: error %v, want context.Canceled", err)
	}
	wantNothing(t, b)
	close(stall.Break)
	<-stall.Over
	wantNothing(t, b)
}

// Lost: the same for kill -9.
func TestS3Killed(t *testing.T) {
	location, stall := storetest.S3(t), storetest.NewStall()
	storetest.Proxy(t, storetest.FirstPut(stall.Fault))
	r := storetest.StartRacer(t, location, "victim")
	if said := r.Said(); said != "ready" {
		t.Fatal(said)
	}
	r.Put(t, "a")
	<-stall.Reached
	r.Kill()
	close(stall.Break)
	<-stall.Over
	b := open(t, location)
	wantNothing(t, b)
	if err := store.PutBytes(t.Context(), b, "a", []byte("text")); err != nil {
		t.Errorf("put after the crash: %v", err)
	}
	wantText(t, b, "a", "text")
}

// Lost: a split, for an answer that broke off midway; or worse, half of it
// taken for all.
func TestS3GetBreaksOff(t *testing.T) {
	location := storetest.S3(t)
	var breaks atomic.Int64
	storetest.Proxy(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method != http.MethodGet || breaks.Add(-1) < 0 {
			next.ServeHTTP(w, r)
			return
		}
		whole := httptest.NewRecorder()
		next.ServeHTTP(whole, r)
		for name, values := range whole.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(whole.Code)
		_, _ = w.Write(whole.Body.Bytes()[:2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	b := open(t, location)
	if err := store.PutBytes(t.Context(), b, "a", []byte("text")); err != nil {
		t.Fatal(err)
	}
	breaks.Store(2)
	wantText(t, b, "a", "text")
	breaks.Store(1000)
	if data, _, err := b.Get(t.Context(), "a", 0, -1); err == nil || !strings.Contains(err.Error(), "broke off") {
		t.Errorf("got %q, %v; want an error that says that it broke off", data, err)
	}
}

// Lost: results, to a second worker that overwrites them on a store which takes
// If-None-Match and does nothing about it. The header is signed, so no proxy
// can take it off the way to a real server: this one answers 200 to every PUT.
func TestS3RefusesUnconditionalStore(t *testing.T) {
	puts := atomic.Int64{}
	storetest.S3(t) // for its environment
	storetest.Proxy(t, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		if !strings.HasSuffix(r.URL.Path, "/.parity/probe") {
			t.Errorf("%s %s: sent before the store was known to be good", r.Method, r.URL.Path)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		puts.Add(1)
		w.Header().Set("ETag", `"etag"`)
	})
	b := open(t, "s3://bucket/prefix")
	for range 2 {
		err := store.PutBytes(t.Context(), b, "a", []byte("text"))
		wantError(t, err, "s3://bucket/prefix", "does not enforce If-None-Match", "overwrite each other")
	}
	if puts.Load() != 4 {
		t.Errorf("%d probes for two refused puts, want 4", puts.Load())
	}
}

// Lost: time, if each put asked again; and the dataset's listing, if the probe
// were in it.
func TestS3ProbesOnce(t *testing.T) {
	location := storetest.S3(t)
	var probes atomic.Int64
	storetest.Proxy(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/.parity/probe") {
			probes.Add(1)
		}
		next.ServeHTTP(w, r)
	})
	for i, want := range []int64{2, 3} { // not there yet: put twice; there: once
		b := open(t, location)
		wantNothing(t, b)
		for _, key := range []string{"a", "b"} {
			if err := store.PutBytes(t.Context(), b, key, nil); err != nil {
				t.Fatal(err)
			}
			if err := b.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		if probes.Load() != want {
			t.Errorf("process %d: %d probes so far, want %d", i, probes.Load(), want)
		}
	}
}

func wantText(t *testing.T, b store.Bucket, key, want string) {
	t.Helper()
	if data, _, err := b.Get(t.Context(), key, 0, -1); err != nil || string(data) != want {
		t.Errorf("%s is %q, %v; want %q", key, data, err, want)
	}
}

func wantNothing(t *testing.T, b store.Bucket) {
	t.Helper()
	for o, err := range b.List(t.Context(), "") {
		t.Errorf("visible: %+v, %v", o, err)
	}
}

// Lost: the encryption that a company's rules ask for, or the tags by which its
// rules of retention find what to delete.
func TestS3EncryptionAndTags(t *testing.T) {
	location := storetest.S3(t)
	t.Setenv("PARITY_S3_KMS_KEY_ID", "alias/parity")
	t.Setenv("PARITY_S3_TAGGING", "team=ml&kind=recording%201")
	var puts atomic.Int64
	storetest.Proxy(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPut {
			puts.Add(1)
			for name, want := range map[string]string{
				"X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "alias/parity", "X-Amz-Tagging": "team=ml&kind=recording%201",
			} {
				if got := r.Header.Get(name); got != want {
					t.Errorf("%s: %s is %q, want %q", r.URL, name, got, want)
				}
			}
		}
		next.ServeHTTP(w, r)
	})
	b := open(t, location)
	if err := store.PutBytes(t.Context(), b, "a", []byte("text")); err != nil {
		t.Fatal(err)
	}
	wantText(t, b, "a", "text")
	if puts.Load() < 2 { // of the probe and of the object
		t.Errorf("%d puts were seen", puts.Load())
	}
	t.Setenv("PARITY_S3_TAGGING", "a=%zz")
	if _, err := store.Open(t.Context(), location); err == nil || !strings.Contains(err.Error(), "write tags as in") {
		t.Errorf("tags that are none: %v", err)
	}
}
