package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/replay"
)

// sageMaker looks for region and credentials, and whether SageMaker Runtime can be
// reached. It invokes nothing: that would cost, and may have effects.
func (x *examination) sageMaker(ctx context.Context, name, address string) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	access, err := replay.FindAccess(ctx, address)
	if err != nil {
		x.find(wrong, "target", named(name, err.Error()), "")
		return
	}
	x.credentials(store.Diagnosis{Credentials: access.Credentials, Expires: access.Expires})
	place := named(name, access.URL)
	asked := time.Now()
	w, res, err := ping(ctx, access.URL+"/ping", http.Header{}, nil, nil)
	answered := time.Now()
	if err != nil {
		x.noTarget(place, w, err)
		return
	}
	how := "connects"
	if w.secured != nil {
		how += " by " + tls.VersionName(w.secured.Version)
	}
	x.find(fine, "target", fmt.Sprintf("%s: %s %s; whether its endpoints are there was not asked, which would be an invocation", named(name, address), access.URL, how), "")
	if u, err := url.Parse(access.URL); err == nil {
		x.clockOf(u.Host, res, asked, answered)
	}
}
