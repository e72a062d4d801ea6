package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
)

// answer is what a model says about a text. All models have a label and its
// score; some have a layout of their own for the rest.
type answer struct {
	Model   string             `json:"model"`
	Label   string             `json:"label"`
	Score   float64            `json:"score"`            // the label's probability
	Scores  map[string]float64 `json:"scores,omitempty"` // by label
	Ranking []ranked           `json:"ranking,omitempty"`
	Stars   int                `json:"stars,omitempty"`
	Flagged []string           `json:"flagged,omitzero"` // nil is left out, empty is written
}

type ranked struct {
	Label string  `json:"label"`
	Score float64 `json:"score"`
}

// endpoint answers one text.
type endpoint func(ctx context.Context, text string) (status int, body []byte)

// old is the old service's endpoint of the model.
func (m *model) old(_ context.Context, text string) (int, []byte) {
	return encode(m.answer(text, m.predict))
}

// answer lays out what predict says about the text.
func (m *model) answer(text string, predict func(vector) []float64) *answer {
	p := predict(m.features(text))
	best := 0
	scores := make(map[string]float64, len(p))
	for i, label := range m.labels {
		scores[label] = p[i]
		if p[i] > p[best] {
			best = i
		}
	}
	a := &answer{Model: m.name, Label: m.labels[best], Score: p[best], Scores: scores}
	if m.layout != nil {
		m.layout(a, text)
	}
	return a
}

// ranking lists the labels from the best to the worst in place of the scores.
func ranking(a *answer, _ string) {
	for label, score := range a.Scores {
		a.Ranking = append(a.Ranking, ranked{label, score})
	}
	slices.SortFunc(a.Ranking, func(x, y ranked) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.Label, y.Label))
	})
	a.Scores = nil
}

// stars adds the rating as a number. The labels are digits.
func stars(a *answer, _ string) { a.Stars, _ = strconv.Atoi(a.Label) }

// flagged adds the curses in the text.
func flagged(a *answer, text string) {
	a.Flagged = []string{}
	for _, w := range words(text) {
		if slices.Contains(curses, w) {
			a.Flagged = append(a.Flagged, w)
		}
	}
}

func encode(answer any) (int, []byte) {
	body, err := json.Marshal(answer)
	if err != nil {
		return failure(http.StatusInternalServerError, fmt.Errorf("encode the answer: %w", err))
	}
	return http.StatusOK, body
}

func failure(status int, err error) (int, []byte) {
	body, _ := json.Marshal(map[string]string{"error": err.Error()}) // strings always encode
	return status, body
}

// handler serves the endpoints, by name of the model.
func handler(endpoints map[string]endpoint) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("POST /models/{model}/classify", func(w http.ResponseWriter, r *http.Request) {
		status, body := classify(endpoints, w, r)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		w.Write(body) // an error means that the client left
	})
	return mux
}

// maxBody is the longest request in bytes.
const maxBody = 1 << 20

func classify(endpoints map[string]endpoint, w http.ResponseWriter, r *http.Request) (status int, body []byte) {
	name := r.PathValue("model")
	answers, ok := endpoints[name]
	if !ok {
		return failure(http.StatusNotFound, fmt.Errorf("no model %q", name))
	}
	var request struct {
		ID   string `json:"id"`
		Text string `json:"text"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&request); err != nil {
		return failure(http.StatusBadRequest, fmt.Errorf("read the request: %w", err))
	}
	if request.Text == "" {
		return failure(http.StatusUnprocessableEntity, errors.New("the request has no text"))
	}
	return answers(r.Context(), request.Text)
}
