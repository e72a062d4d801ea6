package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/store"
)

// reportFolder is where reports are kept, two objects each: NAME.html, and
// NAME.json, which is written last.
const reportFolder = "reports/"

// Report is a report of a run that was kept.
type Report struct {
	Key  string // of the HTML page
	Kept time.Time
	JSON []byte // its summary
}

// KeepReport keeps a report as a page and as the summary that it is made of. Its
// name is the judgement and a digest of both, so that it follows from what went
// in, the gate's configuration included, and keeping the same again adds nothing.
// It returns the page's location.
func (r *Run) KeepReport(ctx context.Context, judgement string, page, summary []byte) (string, error) {
	name := reportFolder + judgement + "-" + reportDigest(page, summary)
	for _, o := range []struct {
		key  string
		text []byte
	}{{name + ".html", page}, {name + ".json", summary}} {
		if err := store.PutBytes(ctx, r.bucket, o.key, o.text); err != nil && !errors.Is(err, store.ErrExists) {
			return "", fmt.Errorf("keep the report of %s: %w", r.Location, err)
		}
	}
	return store.Join(r.Location, name+".html"), nil
}

// reportDigest are the first 16 hexadecimal digits of SHA-256 over the page and
// then the summary.
func reportDigest(page, summary []byte) string {
	h := sha256.New()
	h.Write(page)
	h.Write(summary)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Reports lists the reports that were kept, by their names.
func (r *Run) Reports(ctx context.Context) (all []Report, err error) {
	for o, err := range r.bucket.List(ctx, reportFolder) {
		if err != nil {
			return nil, fmt.Errorf("list reports of %s: %w", r.Location, err)
		}
		name, ok := strings.CutSuffix(o.Key, ".json")
		if !ok {
			continue
		}
		text, _, err := r.bucket.Get(ctx, o.Key, 0, -1)
		if err != nil {
			return nil, inObject(r.bucket, o.Key, err)
		}
		all = append(all, Report{Key: name + ".html", Kept: o.Modified, JSON: text})
	}
	return all, nil
}

// keptReport is the key of a kept report's object, of a run at any depth.
var keptReport = regexp.MustCompile(`(^|/)reports/[0-9a-f]+-[0-9a-f]{16}\.(html|json)$`)

// checkReport holds both objects of a report against their name. A page without a
// summary is of somebody who was killed.
func checkReport(ctx context.Context, b store.Bucket, key string) error {
	name, ok := strings.CutSuffix(key, ".json")
	if !ok {
		return nil // it is looked at with its summary
	}
	summary, _, err := b.Get(ctx, key, 0, -1)
	if err != nil {
		return inObject(b, key, err)
	}
	page, _, err := b.Get(ctx, name+".html", 0, -1)
	if err != nil {
		return inObject(b, name+".html", err)
	}
	if digest := reportDigest(page, summary); !strings.HasSuffix(name, "-"+digest) {
		return inObject(b, name+".html", fmt.Errorf("it and %s do not go with their name, which ought to end in %s", path.Base(key), digest))
	}
	return nil
}
