package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/internal/store/storetest"
)

// doctor examines and wants the code, what is said, and no secret in it.
func doctor(t *testing.T, env map[string]string, code int, want string, args ...string) {
	t.Helper()
	r := parityWith(t, env, append([]string{"doctor"}, args...)...)
	if r.code != code || !strings.Contains(strings.Join(strings.Fields(r.stdout), " "), want) {
		t.Errorf("doctor %s exits with %d, want %d, and lacks %q:\n%s%s", strings.Join(args, " "), r.code, code, want, r.stdout, r.stderr)
	}
	if strings.Contains(r.stdout+r.stderr, "s3cret") {
		t.Errorf("a secret is in\n%s%s", r.stdout, r.stderr)
	}
	checkScreen(t, r.stdout)
}

// Without this, a store that can't be written, or whose credentials end at two in
// the morning, would be found out at two in the morning.
func TestDoctorOfStores(t *testing.T) {
	eachStore(t, func(t *testing.T, place string) {
		doctor(t, nil, exitDone, "can be read and written, and creates objects only if they are absent", place)
		doctor(t, nil, exitDone, "can be read and written", store.Join(place, "not", "there", "yet"))
		if !strings.Contains(place, "://") {
			if left, err := os.ReadDir(place); err != nil || len(left) > 0 {
				t.Errorf("it leaves %v, %v", left, err)
			}
		}
	})
	t.Run("no folder", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		doctor(t, nil, exitFailed, "! store", file)
		doctor(t, nil, exitFailed, "! store", filepath.Join(file, "below"))
	})
	t.Run("credentials", func(t *testing.T) {
		place := storetest.S3(t)
		doctor(t, nil, exitDone, "they don't expire", place)
		doctor(t, nil, exitDone, "= clock", place)
		doctor(t, nil, exitFailed, `bucket "no-such-bucket" does not exist`, "s3://no-such-bucket/x")
		key, secret, profile := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), filepath.Join(t.TempDir(), "config")
		text := fmt.Sprintf("[default]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"%s\",\"Expiration\":\"%s\"}'\n",
			key, secret, time.Now().Add(20*time.Minute).UTC().Format(time.RFC3339))
		if err := os.WriteFile(profile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
		doctor(t, nil, exitFailed, "does not accept the credentials", place)
		t.Setenv("AWS_ACCESS_KEY_ID", "")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "")
		doctor(t, nil, exitFailed, "no usable AWS credentials", place)
		t.Setenv("AWS_CONFIG_FILE", profile)
		doctor(t, nil, exitDone, "~ credentials from ProcessProvider; they expire in", place)
	})
}

// Without this, a night could be lost on an endpoint that is not there, does not
// prove who it is, or refuses.
func TestDoctorOfTargets(t *testing.T) {
	status := http.StatusOK
	date, header := time.Now, func(http.Header) {}
	server := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ping" || r.Header.Get("X-Parity-Run") == "" {
			t.Errorf("it asks for %s", r.URL)
		}
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Location", "http://elsewhere.invalid/")
		w.Header().Set("Date", date().UTC().Format(http.TimeFormat))
		header(w.Header())
		w.WriteHeader(status)
	})
	config := writeConfig(t, "targets:\n  new: {url: \""+server.URL+"/{model}/x\", headers: {Authorization: \"Bearer $TOKEN\"}}")
	env := map[string]string{"TOKEN": "s3cret"}
	doctor(t, env, exitDone, "= target new "+server.URL+" connects; GET /ping is answered 200", "--config", config)
	doctor(t, env, exitDone, "= clock", "--config", config, "--target", "new")
	doctor(t, nil, exitFailed, "target new: the target's headers need TOKEN from the environment", "--config", config)
	doctor(t, env, exitFailed, "it refuses the credentials", "--target", server.URL)
	doctor(t, env, exitFailed, "other is neither a URL nor a target of the config (it has new)", "--config", config, "--target", "other")
	for code, want := range map[int]string{404: "which is no harm", 503: "it is not ready", 302: "to http://elsewhere.invalid/", 429: "it throttles"} {
		status = code
		doctor(t, env, map[bool]int{true: exitFailed}[code == 503], want, "--config", config)
	}
	status, date = 200, func() time.Time { return time.Now().Add(-time.Hour) }
	doctor(t, env, exitFailed, "behind this machine's", "--config", config)
	header = func(h http.Header) { h.Set("Age", "3600") } // a cache's answer says nothing of clocks
	doctor(t, env, exitDone, "is answered 200", "--config", config)

	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = nil
	tls.StartTLS()
	t.Cleanup(tls.Close)
	doctor(t, nil, exitFailed, "its certificate is not trusted", "--target", tls.URL)
	doctor(t, nil, exitFailed, "is it http://?", "--target", strings.Replace(server.URL, "http:", "https:", 1))
	doctor(t, nil, exitFailed, "its name does not resolve", "--target", "http://nowhere.invalid")
	doctor(t, nil, exitFailed, "must not hold a user or password", "--target", "http://user:s3cret@127.0.0.1")
	doctor(t, nil, exitFailed, "does not connect", "--target", "http://"+freeAddress(t))
	doctor(t, nil, exitFailed, "is it https://?", "--target", "http://"+mumbler(t))
	doctor(t, nil, exitFailed, "must be http(s)://", "--target", "http://u:s3cret%@h")
	doctor(t, nil, exitFailed, "must be http(s)://", "--target", "ftp://h/?token=s3cret")
	broken := writeConfig(t, "targetz: {}")
	doctor(t, nil, exitFailed, "! config", "--config", broken)
	doctor(t, nil, exitFailed, "- target the config, which names them, can't be read", "--config", broken, "--target", "new")
	if r := parity(t, "doctor", "--config", broken); strings.Contains(r.stdout, `\n`) {
		t.Errorf("the config's error is shown with escapes:\n%s", r.stdout)
	}
}

// mumbler answers what is not HTTP.
func mumbler(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "220 mail.example ESMTP\r\n")
			c.Close()
		}
	}()
	return l.Addr().String()
}

// Without this, metrics that go nowhere would be missed on the dashboard only.
func TestDoctorOfDogStatsD(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "dsd.socket")
	doctor(t, nil, exitFailed, "start the agent", "--statsd", "unix://"+socket)
	c, err := net.ListenPacket("unixgram", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	doctor(t, nil, exitDone, "accepts metrics", "--statsd", "unix://"+socket)
	doctor(t, nil, exitDone, "accepts metrics", "--statsd", socket)
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	doctor(t, nil, exitDone, "UDP can't say more", "--statsd", udp.LocalAddr().String())
	udp.Close()
	doctor(t, nil, exitFailed, "nobody listens", "--statsd", udp.LocalAddr().String())
}

// Without this, an endpoint that takes half a minute to wake up would be told to
// set its clock.
func TestSkew(t *testing.T) {
	asked := time.Date(2026, 11, 22, 20, 0, 0, 900e6, time.UTC)
	answered := asked.Add(30 * time.Second)
	for date, want := range map[time.Time]time.Duration{
		asked.Truncate(time.Second): 0, answered: 0, asked.Add(20 * time.Second): 0,
		asked.Add(-time.Minute): -59 * time.Second, answered.Add(time.Minute): 59 * time.Second,
	} {
		if got := skew(date, asked, answered); got != want {
			t.Errorf("a Date of %s is %s off, want %s", date, got, want)
		}
	}
}
