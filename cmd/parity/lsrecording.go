package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

// recordingView is what a recording holds, for people and, as JSON, for scripts.
type recordingView struct {
	Recording string           `json:"recording"`
	Objects   int              `json:"objects"`
	Bytes     int64            `json:"bytes"`
	Exchanges int64            `json:"exchanges"`
	Defects   map[string]int64 `json:"defects"`  // exchanges that can't be judged, by why
	Redacted  map[string]int64 `json:"redacted"` // those that capture hid something of, by what of them: request, answer or both
	Models    []recordedModel  `json:"models"`   // by name
	Ledgers   []recordedLedger `json:"ledgers"`  // of whoever recorded, by name
	stats     *dataset.Stats
}

type recordedModel struct {
	Model string `json:"model"`
	seenView
	Versions []recordedVersion `json:"versions"` // of the old model, the first that was seen first
}

type recordedVersion struct {
	Version string `json:"version"` // "" where it is not known
	seenView
}

type seenView struct {
	Exchanges int64     `json:"exchanges"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
}

type recordedLedger struct {
	Instance  string           `json:"instance"`
	Exchanges int64            `json:"exchanges"` // that are here
	Ledger    *exchange.Ledger `json:"ledger"`    // null where it was cut short
}

func viewSeen(s dataset.Seen) seenView { return seenView{s.Rows, s.First.Time(), s.Last.Time()} }

func (a *app) recordingView(ctx context.Context, location string) (*recordingView, error) {
	rec, err := dataset.OpenRecording(ctx, location)
	if err != nil {
		return nil, err
	}
	st, err := rec.Stats(ctx)
	if err != nil {
		return nil, err
	}
	v := &recordingView{
		Recording: rec.Location, Objects: st.Objects, Bytes: st.Bytes, Exchanges: st.Rows, Defects: st.Defects, Redacted: st.Redacted,
		Models: []recordedModel{}, Ledgers: []recordedLedger{}, stats: st,
	}
	for _, name := range slices.Sorted(maps.Keys(st.Models)) {
		v.Models = append(v.Models, viewModel(name, st.Models[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(st.Instances)) {
		in := st.Instances[name]
		v.Ledgers = append(v.Ledgers, recordedLedger{name, in.Rows, in.Ledger})
	}
	return v, nil
}

func viewModel(name string, m dataset.ModelStats) recordedModel {
	v := recordedModel{Model: name, seenView: viewSeen(m.Seen)}
	for version, seen := range m.Versions {
		v.Versions = append(v.Versions, recordedVersion{version, viewSeen(seen)})
	}
	slices.SortFunc(v.Versions, func(a, b recordedVersion) int {
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Version, b.Version))
	})
	return v
}

// lsJSON prints it for scripts.
func (a *app) lsJSON(ctx context.Context, location string) error {
	v, err := a.recordingView(ctx, location)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("print the recording as JSON: %w", err)
	}
	return checkInstances(v.stats)
}

func (a *app) lsRecording(ctx context.Context, location string) error {
	v, err := a.recordingView(ctx, location)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "recording %s: %s of %s in %s, %s\n\n", v.Recording,
		counted(v.Exchanges, "exchange"), counted(len(v.Models), "model"), counted(v.Objects, "object"), size(v.Bytes))
	if err := v.writeModels(a.stdout); err != nil {
		return err
	}
	if len(v.Defects) > 0 {
		fmt.Fprintf(a.stdout, "\ncan't be judged:%s\n", byReason(v.Defects))
	}
	if n := total(v.Redacted); n > 0 {
		fmt.Fprintf(a.stdout, "\nredacted: something of %d of %d%s; a candidate may need what is hidden in requests\n", n, v.Exchanges, byReason(v.Redacted))
	}
	return a.lsLedger(v.stats)
}

// writeModels has a row for each version of a model, where any are known: two of
// them in one recording must not be mixed unseen.
func (v *recordingView) writeModels(to io.Writer) error {
	versioned := slices.ContainsFunc(v.Models, func(m recordedModel) bool {
		return len(m.Versions) > 1 || m.Versions[0].Version != ""
	})
	head, row := "MODEL\tEXCHANGES\tFIRST\tLAST", "%[1]s\t%[3]d\t%[4]s\t%[5]s\n"
	if versioned {
		head, row = "MODEL\tVERSION\tEXCHANGES\tFIRST\tLAST", "%s\t%s\t%d\t%s\t%s\n"
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, head)
	var several []string
	for _, m := range v.Models {
		for _, x := range m.Versions {
			fmt.Fprintf(w, row, printable(m.Model), cmp.Or(printable(x.Version), "(unknown)"), x.Exchanges, x.First.Format(time.DateTime), x.Last.Format(time.DateTime))
		}
		if n := len(m.Versions); n > 1 {
			several = append(several, fmt.Sprintf("%s %d", clip(m.Model, 60), n))
		}
	}
	if err := w.Flush(); err != nil || len(several) == 0 {
		return err
	}
	const most = 5
	text := strings.Join(several[:min(len(several), most)], ", ")
	if n := len(several); n > most {
		text += fmt.Sprintf(", and of %d more models", n-most)
	}
	_, err := fmt.Fprintf(to, "\nseveral versions: %s; a report judges against each, `parity replay --version` takes one\n", text)
	return err
}
