package capture

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// message is an HTTP/1 message as it stood on the wire, read by nobody's
// library: what is spelled how, in which order, in which pieces.
type message struct {
	start    string // the first line
	fields   []field
	framing  string // how the body's end is told: "", length, chunked, close, tunnel
	body     []byte
	chunks   []string // size lines, of chunked bodies
	trailers []field
	ended    bool
}

type field struct{ name, value string } // value as it came, folds included

// messages reads as many as there are in b, the last one as far as it has come.
// Of answers, methods are those of the requests: to HEAD there is no body. closed
// says that b ends with its connection.
func messages(b []byte, methods []string, answers, closed bool) (list []*message) {
	for len(b) > 0 {
		head, rest, ok := cutHead(b)
		if !ok {
			return list
		}
		m := &message{start: head[0]}
		for _, line := range head[1:] {
			if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
				m.fields[len(m.fields)-1].value += "\r\n" + line
				continue
			}
			name, value, _ := strings.Cut(line, ":")
			m.fields = append(m.fields, field{name, strings.Trim(value, " \t")})
		}
		list = append(list, m)
		b = m.take(rest, m.bodyFraming(methods, answers), closed)
		if interim := answers && m.status() < 200 && m.status() != 101; !interim && len(methods) > 0 {
			methods = methods[1:]
		}
		if !m.ended || m.framing == "tunnel" {
			return list
		}
	}
	return list
}

func cutHead(b []byte) (lines []string, rest []byte, ok bool) {
	for {
		line, after, ok := bytes.Cut(b, []byte("\n"))
		if !ok {
			return nil, nil, false
		}
		b = after
		text := strings.TrimSuffix(string(line), "\r")
		if text == "" && len(lines) > 0 {
			return lines, b, true
		}
		if text != "" {
			lines = append(lines, text)
		}
	}
}

func (m *message) get(name string) (value string, ok bool) {
	for _, f := range m.fields {
		if strings.EqualFold(f.name, name) {
			return f.value, true
		}
	}
	return "", false
}

func (m *message) status() int {
	_, rest, _ := strings.Cut(m.start, " ")
	n, _ := strconv.Atoi(rest[:min(3, len(rest))])
	return n
}

func (m *message) bodyFraming(methods []string, answers bool) string {
	_, upgrade := m.get("Upgrade")
	_, sized := m.get("Content-Length")
	coding, _ := m.get("Transfer-Encoding")
	status := 200
	if answers {
		status = m.status()
	}
	switch {
	case answers && status == 101, !answers && upgrade:
		return "tunnel"
	case status < 200, status == 204, status == 304, answers && len(methods) > 0 && methods[0] == "HEAD":
		return ""
	case strings.EqualFold(strings.TrimSpace(coding), "chunked"):
		return "chunked"
	case sized:
		return "length"
	case answers:
		return "close"
	}
	return ""
}

// take reads the body, and returns what follows it.
func (m *message) take(b []byte, framing string, closed bool) []byte {
	m.framing = framing
	switch framing {
	case "":
		m.ended = true
	case "tunnel":
		m.body, m.ended = b, true
		return nil
	case "close":
		m.body, m.ended = b, closed
		return nil
	case "length":
		text, _ := m.get("Content-Length")
		n, err := strconv.Atoi(text)
		if err != nil {
			n = 0
		}
		m.body = b[:min(n, len(b))]
		m.ended = len(m.body) == n
		return b[len(m.body):]
	case "chunked":
		return m.takeChunks(b)
	}
	return b
}

func (m *message) takeChunks(b []byte) []byte {
	for {
		line, rest, ok := bytes.Cut(b, []byte("\r\n"))
		if !ok {
			return nil
		}
		digits, _, _ := strings.Cut(string(line), ";")
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 16, 64)
		if err != nil {
			return nil
		}
		m.chunks = append(m.chunks, string(line))
		if n == 0 {
			return m.takeTrailers(rest)
		}
		m.body = append(m.body, rest[:min(int(n), len(rest))]...)
		if len(rest) < int(n)+2 {
			return nil
		}
		b = rest[n+2:]
	}
}

func (m *message) takeTrailers(b []byte) []byte {
	for {
		line, rest, ok := bytes.Cut(b, []byte("\r\n"))
		if !ok {
			return nil
		}
		b = rest
		if len(line) == 0 {
			m.ended = true
			return b
		}
		name, value, _ := strings.Cut(string(line), ":")
		m.trailers = append(m.trailers, field{name, strings.Trim(value, " \t")})
	}
}

// progress is how far a conversation has come, whatever its spelling.
func progress(list []*message) string {
	bytes, ended := 0, 0
	for _, m := range list {
		bytes += len(m.body)
		if m.ended {
			ended++
		}
	}
	return fmt.Sprintf("%d heads, %d bytes of bodies, %d ended", len(list), bytes, ended)
}

// differences says in what two lists of messages differ, in the words of
// docs/capture.md. Each begins with side.
func differences(side string, direct, through []*message) (codes []string) {
	add := func(code string) { codes = append(codes, side+" "+code) }
	left := func(m *message) string { return m.start[:min(len("HTTP/1.1 200"), len(m.start))] }
	method := func(m *message) string { return printableOnly(strings.SplitN(m.start, " ", 2)[0]) }
	for i := range max(len(direct), len(through)) {
		switch {
		case i >= len(through):
			add("left out: " + method(direct[i]))
		case i >= len(direct):
			add("added: by " + left(through[i])[9:])
		case side == "answer" && direct[i].status() < 200 && direct[i].status() != through[i].status():
			add("left out: " + left(direct[i])[9:])
			direct = slices.Delete(slices.Clone(direct), i, i+1)
			return append(codes, differences(side, direct[i:], through[i:])...)
		case side == "answer" && left(direct[i])[8:] != left(through[i])[8:]:
			add("replaced: by " + left(through[i])[9:])
		default:
			direct[i].compare(through[i], add)
		}
	}
	return codes
}

func (d *message) compare(t *message, add func(string)) {
	d.compareStart(t, add)
	listed, _ := d.get("Connection")
	var common, commonThrough []string
	for _, name := range d.names(t) {
		was, is := d.values(name), t.values(name)
		if slices.Equal(was, is) {
			continue
		}
		switch lower := strings.ToLower(name); {
		case lower == "content-length" || lower == "transfer-encoding":
			add("framing")
		case lower == "connection" || slices.Contains([]string{"keep-alive", "proxy-connection", "te", "upgrade"}, lower):
			add("connection")
		case len(is) == 0 && strings.Contains(strings.ToLower(listed), lower):
			add("connection")
		case len(is) > 0 && unfold(was) == strings.Join(is, "\n"):
			add("folds")
		case lower == "host" && len(was) == 0:
			add("host")
		case lower == "user-agent":
			add("user agent")
		case lower == "content-type" && d.status() == 304:
			add("type of a 304")
		default:
			add(fmt.Sprintf("field %s: %q became %q", lower, cut(was), cut(is)))
		}
	}
	for _, f := range d.fields {
		if i := slices.IndexFunc(t.fields, func(o field) bool { return strings.EqualFold(o.name, f.name) }); i >= 0 {
			if t.fields[i].name != f.name {
				add("name case")
			}
			common = append(common, strings.ToLower(f.name))
		}
	}
	for _, f := range t.fields {
		if slices.Contains(common, strings.ToLower(f.name)) {
			commonThrough = append(commonThrough, strings.ToLower(f.name))
		}
	}
	if slices.Sort(common); !slices.Equal(common, slices.Sorted(slices.Values(commonThrough))) {
		return // told above
	}
	if d.order() != t.order() {
		add("field order")
	}
	if d.framing == "chunked" && t.framing == "chunked" && !slices.Equal(d.chunks, t.chunks) {
		add("chunks")
	}
	if !bytes.Equal(d.body, t.body) {
		add(fmt.Sprintf("body: %d bytes became %d", len(d.body), len(t.body)))
	}
	if d.ended != t.ended {
		add(fmt.Sprintf("end: %v became %v", d.ended, t.ended))
	}
	if was, is := trailerText(d), trailerText(t); was != is {
		add(fmt.Sprintf("trailers: %q became %q", was, is))
	}
}

func (d *message) compareStart(t *message, add func(string)) {
	was, is := strings.SplitN(d.start, " ", 3), strings.SplitN(t.start, " ", 3)
	if len(was) < 3 || len(is) < 3 {
		if d.start != t.start {
			add(fmt.Sprintf("start: %q became %q", d.start, t.start))
		}
		return
	}
	if strings.HasPrefix(was[0], "HTTP/") {
		if was[0] != is[0] {
			add("version")
		}
		if was[2] != is[2] {
			add("reason phrase")
		}
		return
	}
	if was[2] != is[2] {
		add("version")
	}
	if was[0] != is[0] {
		add("method: " + was[0] + " became " + is[0])
	}
	if was[1] == is[1] {
		return
	}
	if _, rest, ok := strings.Cut(was[1], "://"); ok && strings.HasSuffix(rest, strings.TrimPrefix(is[1], "/")) {
		add("absolute target")
		return
	}
	if strings.HasPrefix(was[1], "//") {
		add("double slash")
		return
	}
	add(fmt.Sprintf("target: %.60q became %.60q", was[1], is[1]))
}

// names lists the fields of both, each once.
func (d *message) names(t *message) (names []string) {
	for _, f := range slices.Concat(d.fields, t.fields) {
		if !slices.Contains(names, strings.ToLower(f.name)) {
			names = append(names, strings.ToLower(f.name))
		}
	}
	return names
}

func (d *message) values(name string) (values []string) {
	for _, f := range d.fields {
		if strings.EqualFold(f.name, name) {
			values = append(values, f.value)
		}
	}
	return values
}

func (d *message) order() (s string) {
	seen := ""
	for _, f := range d.fields {
		lower := strings.ToLower(f.name)
		if slices.Contains([]string{"connection", "keep-alive", "te", "upgrade", "content-length", "transfer-encoding"}, lower) || strings.HasSuffix(seen, " "+lower) {
			continue
		}
		seen += " " + lower
	}
	return seen
}

func trailerText(m *message) string {
	lines := make([]string, len(m.trailers))
	for i, f := range m.trailers {
		lines[i] = strings.ToLower(f.name) + ": " + f.value
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// unfold joins the lines of folded values as a proxy may (RFC 9112, 5.2).
func unfold(values []string) string {
	lines := strings.Split(strings.Join(values, "\n"), "\r\n")
	for i := range lines {
		lines[i] = strings.Trim(lines[i], " \t")
	}
	return strings.TrimSpace(strings.Join(lines, " "))
}

func cut(values []string) []string {
	short := slices.Clone(values)
	for i, v := range short {
		short[i] = v[:min(40, len(v))]
	}
	return short
}

func printableOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, s)
}
