package report

import (
	"strings"

	"github.com/modelparity/parity/compare"
)

// showCommand shows one exchange and why it has its verdict. It is "" for a run
// that has no name.
func (i Info) showCommand(id string) string {
	if i.Run == "" {
		return ""
	}
	return "parity show " + shellWord(i.Run) + " " + id + " --judgement " + i.Judgement
}

// againCommand sends again what differs: all of it where model and signature are
// "", and otherwise what differs so. It is "" for a run that has no name.
func (i Info) againCommand(model, signature string) string {
	if i.Run == "" {
		return ""
	}
	set := strings.TrimRight(i.Run, "/") + "/judgements/" + i.Judgement + "/mismatches"
	command := "parity run " + shellWord(set)
	if model != "" && !strings.HasPrefix(model, "!") { // which --model takes for none of these
		command += " --model " + shellWord(model)
	}
	if signature != "" {
		command += " --signature " + shellWord(signature)
	}
	return command + " --target " + shellWord(i.Target) + " --out RUN2" + i.configFlag()
}

func (i Info) configFlag() string {
	if i.Config == "" {
		return ""
	}
	return " --config " + shellWord(i.Config)
}

// lead is something to look at of a model that does not pass, with an exchange
// that shows it and what sends all such again. What is from outside is harmless.
type lead struct {
	What      string // "$.scores[*].value number"
	Exchanges int64
	Seen      string // "0.31 → 0.32"; "" where no exchange was kept
	ID        string
	Show      string // commands; "" where there are none
	Again     string
}

// leads are the signatures beyond noise, most exchanges first, and then the
// reasons for which exchanges have no verdict, at most n in all.
func (i Info) leads(m *Model, n int) (list []lead) {
	for _, s := range m.Signatures {
		if s.differing() == 0 || len(list) == n {
			break
		}
		l := lead{What: visible(s.name()), Exchanges: s.differing()}
		if len(s.Exemplars) > 0 {
			e := s.Exemplars[0]
			l.see(i, e, literal(e.Reference)+" → "+literal(e.Candidate))
		}
		if s.Kind != compare.KindUnstable { // of which the mismatch set has no deltas
			l.Again = i.againCommand(m.Name, s.name())
		}
		list = append(list, l)
	}
	for _, u := range m.Unjudged {
		if len(list) == n {
			break
		}
		l := lead{What: visible(string(u.Outcome) + " " + u.Reason), Exchanges: u.Exchanges}
		if len(u.Exemplars) > 0 {
			l.see(i, u.Exemplars[0], wrong(u.Exemplars[0]))
		}
		list = append(list, l)
	}
	return list
}

func (l *lead) see(i Info, e compare.Exemplar, seen string) {
	l.ID, l.Show, l.Seen = e.ID.String(), i.showCommand(e.ID.String()), seen
}

// wrong says what is wrong with which side of an exchange without a verdict.
func wrong(e compare.Exemplar) string {
	switch {
	case e.Reference == "":
		return literal(e.Candidate)
	case e.Candidate == "":
		return "reference: " + literal(e.Reference)
	}
	return "both: " + literal(e.Candidate)
}

// literal is a value in a sentence.
func literal(s string) string {
	if s == "" {
		return "nothing"
	}
	return cut(visible(s), maxLiteral)
}

// name is the signature as one text, which --signature takes.
func (s Signature) name() string { return s.Path + " " + string(s.Kind) }
