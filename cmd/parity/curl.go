package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/modelparity/parity/internal/config"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/explorer"
	"github.com/modelparity/parity/internal/mapping"
	"github.com/modelparity/parity/replay"
)

// endpoint is where a curl line sends a request.
type endpoint struct {
	base    string            // a replay target; "" is $OLD, which the user sets
	headers map[string]string // as the config has them, with $NAME for the environment's
	names   map[string]string // of endpoints, by model
	mapping mapping.Set       // of requests
	how     []string          // arguments of curl: whom it trusts, and by which HTTP
}

// unknownBase stands for the old system where its address is not known.
const unknownBase = "http://old.invalid"

// curls are a command for either side, each with what it is. The old system's
// address is known where the judgement has a control: that was sent to it.
func (a *app) curls(ctx context.Context, run *dataset.Run, j *dataset.Judgement, e *exchange.Exchange) ([]explorer.Command, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	old := endpoint{}
	if j != nil && j.Info.Control != "" && j.Info.Control != run.Info.Recording {
		if control, err := dataset.OpenRun(ctx, j.Info.Control); err == nil { // else it is gone, or out of reach
			if old, err = a.endpointOf(cfg, control); err != nil {
				return nil, err
			}
		}
	}
	where := ", where the control was sent"
	if old.base == "" {
		where = " (a recording has neither its address, $OLD, nor credentials)"
	}
	to, err := a.endpointOf(cfg, run)
	if err != nil {
		return nil, err
	}
	return []explorer.Command{
		{What: "send it again", Line: curl(ctx, run, e, to)},
		{What: "send it to the old system" + where, Line: curl(ctx, run, e, old)},
	}, nil
}

// endpointOf is where a run was sent, with the headers of the config's target.
// Where two of them have its URL it is not known whose these are.
func (a *app) endpointOf(cfg config.Config, run *dataset.Run) (endpoint, error) {
	name, _ := targetOf(cfg, run.Info)
	t := cfg.Targets[name]
	mapping, err := requests(run)
	return endpoint{run.Info.Target, t.Headers, run.Info.Names, mapping, a.curlHow(t)}, err
}

// curlHow are the arguments that have curl connect as replay does, but for
// tls.server_name, for which it has none.
func (a *app) curlHow(t config.Target) (args []string) {
	for _, file := range [][2]string{{"--cacert", t.TLS.CA}, {"--cert", t.TLS.Cert}, {"--key", t.TLS.Key}} {
		if file[1] != "" {
			args = append(args, file[0]+" "+shellQuote(replay.Within(filepath.Dir(a.configPath), file[1])))
		}
	}
	switch {
	case t.HTTP2 == nil:
	case !*t.HTTP2:
		args = append(args, "--http1.1")
	case strings.HasPrefix(t.URL, "http://"):
		args = append(args, "--http2-prior-knowledge")
	default:
		args = append(args, "--http2")
	}
	return args
}

// curl is a command line that sends the request, as the mapping makes it.
func curl(ctx context.Context, run *dataset.Run, recorded *exchange.Exchange, to endpoint) string {
	if d := recorded.Defect; d == exchange.RequestTruncated || d == exchange.Redacted {
		return fmt.Sprintf("(it can't be sent: %s)", skippedWords[d])
	}
	e, err := replay.MapRequest(ctx, to.mapping, recorded)
	if err != nil {
		return fmt.Sprintf("(it can't be sent: %s)", printable(err.Error()))
	}
	if replay.IsSageMaker(to.base) {
		return invoke(run, recorded, e, to)
	}
	url, err := replay.RequestURL(cmp.Or(to.base, unknownBase), e)
	if err != nil {
		return fmt.Sprintf("(it can't be sent: %v)", err)
	}
	place := shellQuote(url)
	if len(replay.References(to.base)) > 0 { // then all of the query is the target's, and names of models in it are escaped
		path, query, _ := strings.Cut(url, "?")
		place = shellQuote(path+"?") + `"` + shellValue(query) + `"`
	}
	if to.base == "" {
		place = `"$OLD"` + shellQuote(strings.TrimPrefix(url, unknownBase))
	}
	args := []string{
		"curl -sSig --path-as-is -X " + shellQuote(e.Request.Method) + " " + place,
		"-H '" + replay.RunHeader + ": " + run.Info.ID + "'", "-H '" + replay.ExchangeHeader + ": " + e.ID.String() + "'",
	}
	args = append(append(args, to.how...), configured(to.headers)...)
	fields, err := exchange.DecodeHeaders(e.Request.Headers)
	if err != nil {
		return fmt.Sprintf("(it can't be sent: %v)", err)
	}
	if e.Request.ContentType == "" && len(e.Request.Body) > 0 {
		args = append(args, "-H 'content-type:'") // curl would make one up
	}
	for _, f := range fields {
		if !slices.Contains(curlSets, f.Name) && !isSet(to.headers, f.Name) {
			args = append(args, "-H "+shellQuote(f.Name+": "+f.Value))
		}
	}
	switch body := e.Request.Body; {
	case len(body) == 0:
	case fitsLine(body):
		args = append(args, "--data-raw "+shellQuote(string(body)))
	default:
		body, ok := catBody(run, recorded, e, to)
		if !ok {
			return body
		}
		return body + strings.Join(append(args, "--data-binary @-"), " \\\n  ")
	}
	return "  " + strings.Join(args, " \\\n    ")
}

// fitsLine says whether a body can stand in a command line.
func fitsLine(body []byte) bool {
	const most = 8 << 10
	return len(body) <= most && utf8.Valid(body) && !strings.ContainsRune(string(body), 0)
}

// catBody is a command that writes the body that is sent, to be piped into what
// follows; false where there is none, and why.
func catBody(run *dataset.Run, recorded, e *exchange.Exchange, to endpoint) (string, bool) {
	field, decode := ".body", ""
	if !utf8.Valid(recorded.Request.Body) {
		field, decode = ".body_base64", "base64 -d |\n  " // jq's @base64d changes what is no text
	}
	if e != recorded {
		program, _ := to.mapping.Compile("request") // as MapRequest did
		decode += "jq -cjS " + shellQuote(program.Of(e.Model).String()) + " |\n  "
		if field != ".body" {
			return "(as a command it would be too long: parity replay --try shows what is sent)", false
		}
	}
	return fmt.Sprintf("  parity cat %s | jq -j 'select(.id == \"%s\") | .request%s' |\n  %s", shellQuote(run.Location), e.ID, field, decode), true
}

// configured are the config's headers. What they hold of the environment stays
// there, and one that holds nothing of it is taken for a secret.
func configured(headers map[string]string) (args []string) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		value := shellValue(headers[name])
		if !strings.Contains(value, "${") {
			value = "${" + variable(name) + "}"
		}
		if shellQuote(name) != name {
			args = append(args, "-H "+shellQuote(name+": ")+`"`+value+`"`)
			continue
		}
		args = append(args, `-H "`+name+": "+value+`"`)
	}
	return args
}

func isSet(headers map[string]string, name string) bool {
	for h := range headers {
		if strings.EqualFold(h, name) {
			return true
		}
	}
	return false
}

// shellValue writes a value of the config for within a shell's double quotes.
func shellValue(text string) string {
	const mark = "\x00" // which no header's value holds
	expanded := os.Expand(text, func(name string) string { return mark + "{" + variable(name) + "}" })
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", "$", `\$`, "!", `"'!'"`, mark, "$").Replace(expanded)
}

// variable makes a name of the shell's of any text.
func variable(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_':
			return r
		}
		return '_'
	}, name)
}

// curlSets are the fields that curl makes itself.
var curlSets = []string{"content-length", "connection", "host", "transfer-encoding", "accept-encoding"}

func shellQuote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+=,", r))
	}) {
		return s
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && !strconv.IsPrint(r) || r == utf8.RuneError }) {
		return ansiQuote(s)
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// ansiQuote is bash's $'…', which shows control characters harmlessly.
func ansiQuote(s string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + "'"
}
