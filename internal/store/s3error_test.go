package store_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/internal/store/storetest"
)

// Lost: a night, for want of a sentence that says what is wrong and what to do.
func TestS3Errors(t *testing.T) {
	location := storetest.S3(t)
	put(t, location)
	for _, c := range []struct {
		name, location string
		env            map[string]string
		want           []string
	}{
		{"missing bucket", "s3://no-such-bucket/x", nil, []string{"s3://no-such-bucket/x/a", `bucket "no-such-bucket" does not exist`, "create it"}},
		{"wrong secret", location, map[string]string{"AWS_SECRET_ACCESS_KEY": "wrong"}, []string{location, "does not accept the credentials", "AWS_SECRET_ACCESS_KEY"}},
		{"unknown key", location, map[string]string{"AWS_ACCESS_KEY_ID": "nobody"}, []string{location, "does not accept the credentials", "AWS_ACCESS_KEY_ID"}},
		{"nobody listens", location, map[string]string{"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}, []string{location, "no answer from http://127.0.0.1:1", "connection refused", "AWS_ENDPOINT_URL_S3"}},
		{"no such host", location, map[string]string{"AWS_ENDPOINT_URL_S3": "http://s3.invalid"}, []string{location, "no answer from http://s3.invalid", "AWS_ENDPOINT_URL_S3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			b := open(t, c.location)
			_, _, getErr := b.Get(t.Context(), "a", 0, -1)
			putErr := store.PutBytes(t.Context(), b, "a", nil)
			var listErr error
			for _, listErr = range b.List(t.Context(), "a") {
			}
			for _, err := range []error{getErr, putErr, listErr} {
				if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrExists) {
					t.Errorf("error %v, which callers take for something else", err)
				}
			}
			wantError(t, getErr, append(c.want, "get ")...)
			wantError(t, listErr, append(c.want, "list ")...)
			c.want[0] = strings.TrimSuffix(c.want[0], "/a") // the probe comes first
			wantError(t, putErr, append(c.want, "put ")...)
		})
	}
	t.Run("access denied", func(t *testing.T) {
		storetest.Proxy(t, storetest.Refuse(http.StatusForbidden, "AccessDenied"))
		_, _, err := open(t, location).Get(t.Context(), "a", 0, -1)
		wantError(t, err, location, "access to bucket", "denied", "s3:GetObject")
	})
	t.Run("no credentials", func(t *testing.T) {
		t.Setenv("AWS_ACCESS_KEY_ID", "")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "")
		_, err := store.Open(t.Context(), location)
		wantError(t, err, location, "no usable AWS credentials", "AWS_PROFILE")
	})
}

func put(t *testing.T, location string) {
	t.Helper()
	if err := store.PutBytes(t.Context(), open(t, location), "a", []byte("text")); err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v; want %q in it", err, part)
		}
	}
}
