package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// The checker reads Parquet as any tool would, by names of columns, and knows what
// was asked and what each service must have answered.

// recorded is a row of a recording.
type recorded struct {
	ID      [16]byte `parquet:"id,uuid"`
	Defect  string   `parquet:"defect"`
	Path    string   `parquet:"request_path"`
	Request []byte   `parquet:"request_body"`
	Status  int64    `parquet:"response_status"`
	Failure string   `parquet:"response_failure"`
	Answer  []byte   `parquet:"response_body"`
}

// result is a row of a run.
type result struct {
	ID      [16]byte `parquet:"id,uuid"`
	Status  int64    `parquet:"candidate_status"`
	Failure string   `parquet:"candidate_failure"`
	Answer  []byte   `parquet:"candidate_body"`
}

// mismatch is a row of a mismatch set.
type mismatch struct {
	ID      [16]byte `parquet:"id,uuid"`
	Request []byte   `parquet:"request_body"`
	Verdict string   `parquet:"verdict"`
}

// eachObject calls fn for the files under a folder whose names end so.
func eachObject(folder, suffix string, fn func(name string) error) error {
	return filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, suffix) || strings.Contains(name, "/.") {
			return err
		}
		return fn(name)
	})
}

func readRows[T any](folder string) (rows []T, err error) {
	err = eachObject(folder, ".parquet", func(name string) error {
		some, err := parquet.ReadFile[T](name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		rows = append(rows, some...)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return rows, err
}

// ledger is what an object says of all that went through its sidecar so far.
type ledger struct {
	Served   int            `json:"served"`
	Recorded int            `json:"recorded"`
	Dropped  map[string]int `json:"dropped"`
	Lost     int            `json:"lost_in_crash"`
}

// lastLedger is that of the recording's one sidecar: the one that goes furthest.
func lastLedger(folder string) (last ledger, err error) {
	err = eachObject(folder, ".parquet", func(name string) error {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		file, err := parquet.OpenFile(f, info.Size())
		if err != nil {
			return err
		}
		text, _ := file.Lookup("parity.ledger")
		var l ledger
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			return fmt.Errorf("%s: ledger %q: %w", name, text, err)
		}
		if l.Served >= last.Served {
			last = l
		}
		return nil
	})
	return last, err
}

// checkCapture holds the recording against what the clients got.
func (r *round) checkCapture(ctx context.Context, l *live) ([]recorded, error) {
	r.asked, r.answered = r.asked+len(l.asked), r.answered+len(l.answered)
	r.quiet, r.faulty = append(r.quiet, l.quiet...), append(r.faulty, l.faulty...)
	r.whileDown += len(l.failed)
	if up := l.whileUp(); len(up) > 0 {
		return nil, fmt.Errorf("%d requests failed while the sidecar was up: %w", len(up), up[0].err)
	}
	folder := filepath.Join(r.place.folder, "recording")
	rows, err := readRows[recorded](folder)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i := range rows {
		id, err := l.checkRow(&rows[i])
		if err != nil {
			return nil, fmt.Errorf("exchange %x: %w", rows[i].ID, err)
		}
		if seen[id] {
			r.duplicated++
			return nil, fmt.Errorf("request %s is recorded twice", id)
		}
		seen[id] = true
	}
	missing := 0
	example := ""
	for id := range l.answered {
		if !seen[id] {
			missing++
			example = id
		}
	}
	counts, err := lastLedger(folder)
	if err != nil {
		return nil, err
	}
	dropped := 0
	for _, n := range counts.Dropped {
		dropped += n
	}
	r.recorded, r.dropped, r.lostInCrash = r.recorded+len(rows), r.dropped+dropped, r.lostInCrash+counts.Lost
	switch {
	case missing > dropped+counts.Lost:
		r.lost += missing - dropped - counts.Lost
		return nil, fmt.Errorf("%d answered requests are not recorded, %s for one, and the ledger counts %d dropped and %d lost", missing, example, dropped, counts.Lost)
	case counts.Served != counts.Recorded+dropped+counts.Lost:
		return nil, fmt.Errorf("the ledger does not balance: %+v", counts)
	case counts.Recorded != len(rows):
		return nil, fmt.Errorf("the ledger counts %d recorded, and there are %d", counts.Recorded, len(rows))
	case counts.Served < len(l.answered):
		return nil, fmt.Errorf("the ledger counts %d served, and clients got %d", counts.Served, len(l.answered))
	case l.kills == 0 && counts.Lost > 0, !l.dropping && l.damaged == 0 && dropped > 0:
		return nil, fmt.Errorf("%d kills, damage to %d at most, and the ledger says %+v", l.kills, l.damaged, counts)
	}
	_, err = r.must(ctx, "fsck", r.place.location("recording"))
	return rows, err
}

// checkRow holds a row against what was asked and answered.
func (l *live) checkRow(row *recorded) (id string, err error) {
	var body struct{ ID string }
	if err := json.Unmarshal(row.Request, &body); err != nil {
		if row.Defect == "" {
			return "", fmt.Errorf("its request is damaged: %.200q", row.Request)
		}
		return fmt.Sprintf("%x", row.ID), nil // of a request that was broken off
	}
	if want := l.asked[body.ID]; !bytes.Equal(want, row.Request) {
		return "", fmt.Errorf("its request is %.200q, and was %.200q", row.Request, want)
	}
	status, answer := oldAnswer(row.Request)
	switch {
	case row.Defect == "" && (int(row.Status) != status || !bytes.Equal(row.Answer, answer)):
		return "", fmt.Errorf("its answer is %d %.200q, and was %d %.200q", row.Status, row.Answer, status, answer)
	case row.Defect != "" && l.answered[body.ID] != nil:
		return "", fmt.Errorf("it was answered whole, and is recorded as %s", row.Defect)
	}
	return body.ID, nil
}

// checkReplay holds the results against the plan, which is the whole recording.
func (r *round) checkReplay(rows []recorded) (map[[16]byte]result, error) {
	sent, err := readRows[result](filepath.Join(r.place.folder, "run", "results"))
	if err != nil {
		return nil, err
	}
	byID := map[[16]byte]result{}
	for _, s := range sent {
		if _, twice := byID[s.ID]; twice {
			r.duplicated++
			return nil, fmt.Errorf("exchange %x has two results", s.ID)
		}
		byID[s.ID] = s
	}
	if len(byID) > len(rows) {
		return nil, fmt.Errorf("%d results of %d exchanges", len(byID), len(rows))
	}
	for i := range rows {
		s, ok := byID[rows[i].ID]
		if !ok {
			r.lost++
			return nil, fmt.Errorf("exchange %x has no result", rows[i].ID)
		}
		if err := checkResult(&rows[i], &s); err != nil {
			return nil, fmt.Errorf("exchange %x: %w", s.ID, err)
		}
	}
	r.planned += len(rows)
	return byID, nil
}

// unanswered says that the endpoint itself did not answer.
func unanswered(s *result) bool {
	return s.Status == 0 || s.Status == http.StatusTooManyRequests || s.Status == http.StatusServiceUnavailable
}

func checkResult(row *recorded, s *result) error {
	if row.Defect != "" {
		if s.Status != 0 || s.Failure == "" {
			return fmt.Errorf("it has the defect %s and the result %d %s", row.Defect, s.Status, s.Failure)
		}
		return nil
	}
	status, answer := newAnswer(row.Request)
	switch {
	case s.Status == 0 && s.Failure == "":
		return errors.New("it has neither an answer nor a failure")
	case !unanswered(s) && (int(s.Status) != status || !bytes.Equal(s.Answer, answer)):
		return fmt.Errorf("its answer is %d %.200q, and was %d %.200q", s.Status, s.Answer, status, answer)
	}
	return nil
}

// summary is what a report says.
type summary struct {
	Ledger struct {
		Planned     int
		Match       int
		Mismatch    int
		Unavailable map[string]int
		Undecided   map[string]int
		Skipped     map[string]int
		Missing     int
		Balanced    bool
	}
}

func total(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// checkCompare counts again what the judgement counts.
func (r *round) checkCompare(ctx context.Context, rows []recorded, results map[[16]byte]result) error {
	var want summary
	differ := map[[16]byte]bool{}
	unavailable, skipped := 0, 0
	for i := range rows {
		s := results[rows[i].ID]
		switch {
		case rows[i].Defect != "":
			skipped++
		case unanswered(&s):
			unavailable++
		case differs(rows[i].Request):
			differ[rows[i].ID] = true
		default:
			want.Ledger.Match++
		}
	}
	text, err := r.must(ctx, "report", r.place.location("run"), "--json", "-")
	if err != nil {
		return err
	}
	var got summary
	if err := json.Unmarshal(text, &got); err != nil {
		return err
	}
	g := &got.Ledger
	if !g.Balanced || g.Planned != len(rows) || g.Match != want.Ledger.Match || g.Mismatch != len(differ) ||
		total(g.Unavailable) != unavailable || total(g.Skipped) != skipped || total(g.Undecided) > 0 || g.Missing > 0 {
		return fmt.Errorf("the report says %+v, and there are %d exchanges, %d that match, %d that differ, %d unavailable, %d with a defect",
			*g, len(rows), want.Ledger.Match, len(differ), unavailable, skipped)
	}
	kept, err := readRows[mismatch](filepath.Join(r.place.folder, "run", "judgements"))
	if err != nil {
		return err
	}
	for _, m := range kept {
		if !differ[m.ID] {
			return fmt.Errorf("exchange %x is in the mismatch set and does not differ, or is there twice", m.ID)
		}
		delete(differ, m.ID)
	}
	if len(differ) > 0 {
		return fmt.Errorf("%d exchanges differ and are not in the mismatch set", len(differ))
	}
	r.judged, r.mismatched = r.judged+len(rows), r.mismatched+len(kept)
	_, err = r.must(ctx, "fsck", r.place.location("run"))
	return err
}
