package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
)

// make records some hundred exchanges, kills the sidecar, keeps what it left, and
// goes on to a judgement.
func (f *flipper) make(ctx context.Context) error {
	var err error
	if f.place, err = f.openPlace(ctx, false); err != nil {
		return err
	}
	old, err := serve(func(w http.ResponseWriter, _ *http.Request, body []byte) {
		status, answer := oldAnswer(body)
		reply(w, status, answer)
	})
	if err != nil {
		return err
	}
	f.place.ends = append(f.place.ends, func() { old.Close() })
	if f.address, err = freeAddress(); err != nil {
		return err
	}
	f.sidecar = []string{
		"capture", "--upstream", old.url, "--listen", f.address, "--out", "store/recording", "--spool", "spool",
		"--model-from", "path:/models/{model}/classify", "--split-rows", "50", "--segment-age", "1h",
	}
	if err := f.record(ctx); err != nil {
		return err
	}
	if f.rows, err = readRows[recorded](filepath.Join(f.dir, "store/recording")); err != nil {
		return err
	}
	if f.counts, err = lastLedger(filepath.Join(f.dir, "store/recording")); err != nil {
		return err
	}
	endpoint, err := serve(func(w http.ResponseWriter, _ *http.Request, body []byte) {
		status, answer := newAnswer(body)
		reply(w, status, answer)
	})
	if err != nil {
		return err
	}
	defer endpoint.Close()
	_, err = f.must(ctx, "replay", "store/recording", "--target", endpoint.url+"/models/{model}/classify", "--out", "store/run")
	return err
}

// record has a sidecar die with what it has in its spool, and the next one ship it.
func (f *flipper) record(ctx context.Context) error {
	p, err := f.startSidecar(ctx, f.address, f.sidecar)
	if err != nil {
		return err
	}
	l := &live{answered: map[string][]byte{}, asked: map[string][]byte{}}
	clients, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	go func() { l.client(clients, "http://"+f.address, f.name, newRand(f.rng.Uint64())); close(ended) }()
	for len(l.names()) < 300 && ctx.Err() == nil {
		f.pause(ctx, f.between(5, 10))
	}
	stop()
	<-ended
	f.pause(ctx, f.between(100, 101)) // what was answered is in the spool by then
	p.kill()
	if err := os.MkdirAll(filepath.Join(f.dir, "store/recording"), 0o700); err != nil {
		return err
	}
	for _, part := range []string{"spool", "store/recording"} {
		if err := f.copyOf(part, part+".killed"); err != nil {
			return err
		}
	}
	if p, err = f.startSidecar(ctx, f.address, f.sidecar); err != nil {
		return err
	}
	return f.stopSidecar(ctx, p, f.address, f.sidecar)
}

// copyOf makes one folder a copy of another.
func (f *flipper) copyOf(from, to string) error {
	from, to = filepath.Join(f.dir, from), filepath.Join(f.dir, to)
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.CopyFS(to, os.DirFS(from))
}

// up says whether the sidecar comes up.
func (f *flipper) up(ctx context.Context, p *process) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-p.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	return awaitAddress(ctx, f.address) == nil
}
