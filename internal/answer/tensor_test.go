package answer

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// oneTensor is an answer in JSON with one output.
func oneTensor(datatype, shape, data string) string {
	return fmt.Sprintf(`{"model_name":"m","outputs":[{"name":"out","datatype":"%s","shape":[%s],"data":%s}]}`, datatype, shape, data)
}

// binaryTensor is the same answer with its data behind the JSON, as Triton sends it.
func binaryTensor(datatype, shape, data string) *exchange.Answer {
	json := fmt.Sprintf(`{"model_name":"m","outputs":[{"name":"out","datatype":"%s","shape":[%s],"parameters":{"binary_data_size":%d}}]}`,
		datatype, shape, len(data))
	return answered("application/octet-stream", json+data, "Inference-Header-Content-Length", strconv.Itoa(len(json)))
}

// Without this, two servers that order or nest their outputs in other ways would
// differ in everything, and the values could not be judged by their datatype.
func TestTensors(t *testing.T) {
	const (
		flat   = `{"id":"1","outputs":[{"name":"a","datatype":"FP32","shape":[2,2],"data":[1,2.0,3e0,NaN]},{"name":"b","datatype":"BYTES","shape":[1],"data":["x"]}],"model_name":"m"}`
		nested = `{"outputs":[{"data":["x"],"shape":[1],"name":"\u0062","datatype":"BYTES","parameters":{"k":1}},{"name":"a","shape":[2,2],"datatype":"FP32","parameters":{},"data":[[1,2.0],[3e0,NaN]]}]}`
	)
	var p Pair
	p.Read(answered("application/json", flat), answered("application/json", nested))
	const (
		wantFlat   = `tensors {id:1 outputs:{a:{datatype:FP32 shape:[2 2] data:[1 2.0 3e0 NaN]} b:{datatype:BYTES shape:[1] data:[x]}} model_name:m}`
		wantNested = `tensors {outputs:{b:{shape:[1] datatype:BYTES parameters:{k:1} data:[x]} a:{shape:[2 2] datatype:FP32 data:[1 2.0 3e0 NaN]}}}`
	)
	if a, b := showRead(&p.Reference), showRead(&p.Candidate); a != wantFlat || b != wantNested {
		t.Errorf("%s\n%s", a, b)
	}
	for _, d := range []*Decoded{&p.Reference, &p.Candidate} {
		if len(d.Tensors) != 2 {
			t.Fatalf("%d tensors", len(d.Tensors))
		}
		for _, tensor := range d.Tensors {
			node := d.Tape.Nodes[tensor.Data]
			want := map[string]int32{"FP32": 4, "BYTES": 1}[tensor.Datatype]
			if node.Size != want || string(d.Tape.Name(tensor.Data)) != "data" {
				t.Errorf("%s: %+v", tensor.Datatype, node)
			}
		}
	}
}

// Without this, an answer that only looks like tensors would lose members, or be
// compared by another shape than it says.
func TestNoTensors(t *testing.T) {
	good := answered("application/json", oneTensor("FP32", "1", "[1]"))
	for name, body := range map[string]string{
		"another protocol": `{"predictions":[1]}`,
		"not an object":    `[{"outputs":1}]`,
		"a scalar":         `1`,
		"no outputs":       `{"outputs":[]}`,
		"outputs by name":  `{"outputs":{"a":[1]}}`,
		"outputs as lists": `{"outputs":[[1]]}`,
		"no name":          `{"outputs":[{"datatype":"FP32","shape":[1],"data":[1]}]}`,
		"no datatype":      `{"outputs":[{"name":"a","shape":[1],"data":[1]}]}`,
		"no shape":         `{"outputs":[{"name":"a","datatype":"FP32","data":[1]}]}`,
		"no data":          `{"outputs":[{"name":"a","datatype":"FP32","shape":[1]}]}`,
		"no binary data":   `{"outputs":[{"name":"a","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]}`,
		"a scalar as data": oneTensor("FP32", "1", "1"),
		"objects as data":  oneTensor("FP32", "1", "[{}]"),
		"another shape":    oneTensor("FP32", "2,2", "[1,2,3]"),
		"a shape of text":  oneTensor("FP32", `"1"`, "[1]"),
		"a fraction":       oneTensor("FP32", "1.0", "[1]"),
		"negative":         oneTensor("FP32", "-1", "[1]"),
		"a huge shape":     oneTensor("FP32", "9999999999,9999999999,9999999999", "[1]"),
		"a huge size":      oneTensor("FP32", "99999999999999999999", "[1]"),
		"one name twice":   `{"outputs":[{"name":"a","datatype":"FP32","shape":[1],"data":[1]},{"name":"\u0061","datatype":"FP32","shape":[1],"data":[1]}]}`,
	} {
		var plain Pair
		plain.Read(answered("application/json", body), answered("application/json", "[]"))
		var p Pair
		for _, sides := range [][2]*exchange.Answer{{good, answered("application/json", body)}, {answered("application/json", body), good}} {
			p.Read(sides[0], sides[1])
			r, c := &p.Reference, &p.Candidate
			if sides[0] == good {
				r, c = c, r
			}
			if r.Form != JSON || c.Form != JSON || showRead(r) != showRead(&plain.Reference) || len(r.Tensors)+len(c.Tensors) > 0 {
				t.Errorf("%s: %s and %s", name, showRead(r), showRead(c))
			}
		}
	}
	for _, c := range []struct{ shape, data string }{{"", "[1]"}, {"0,9999999999,9999999999", "[]"}, {"3,0", "[[],[],[]]"}} {
		var p Pair
		p.Read(good, answered("application/json", oneTensor("X", c.shape, c.data)))
		if p.Candidate.Form != Tensors || p.Candidate.Tensors[0].Datatype != "X" {
			t.Errorf("shape [%s]: %s", c.shape, showRead(&p.Candidate))
		}
	}
}

// Without this, a candidate that answers with binary tensors could not be
// compared with a reference in JSON, or values would be read wrongly.
func TestBinaryTensors(t *testing.T) {
	bits := binary.LittleEndian
	for _, c := range []struct{ datatype, shape, data, want string }{
		{"BOOL", "3", "\x00\x01\x02", "false true true"},
		{"INT8", "2", "\x80\x7f", "-128 127"},
		{"UINT8", "2", "\x80\xff", "128 255"},
		{"INT16", "2", "\x00\x80\xff\x7f", "-32768 32767"},
		{"UINT16", "1", "\xff\xff", "65535"},
		{"INT32", "1", "\xff\xff\xff\xff", "-1"},
		{"UINT32", "1", "\xff\xff\xff\xff", "4294967295"},
		{"INT64", "1", "\x00\x00\x00\x00\x00\x00\x00\x80", "-9223372036854775808"},
		{"UINT64", "1", "\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"},
		{"FP16", "2,4", "\x00\x3c\x00\xc0\xff\x7b\x01\x00\x00\x7c\x00\xfc\x00\x7e\x00\x80", "1 -2 65504 5.9604645e-08 Infinity -Infinity NaN -0"},
		{"FP16", "2", "\x66\x2e\x01\x83", "0.099975586 -4.5835972e-05"},
		{"BF16", "4", "\x80\x3f\x49\x40\x80\x7f\xc0\xff", "1 3.140625 Infinity NaN"},
		{"FP32", "2,1", string(bits.AppendUint32(bits.AppendUint32(nil, math.Float32bits(0.1)), math.Float32bits(-3.4e38))), "0.1 -3.4e+38"},
		{"FP64", "1", string(bits.AppendUint64(nil, math.Float64bits(0.1))), "0.1"},
		{"BYTES", "4", "\x03\x00\x00\x00a\"b\x00\x00\x00\x00\x02\x00\x00\x00\xff\xfe\x02\x00\x00\x00\xc3\xa9", `a"b  //4= é`},
		{"FP32", "0", "", ""},
		{"BYTES", "0,2", "", ""},
	} {
		var p Pair
		p.Read(answered("application/json", oneTensor("FP32", "1", "[1]")), binaryTensor(c.datatype, c.shape, c.data))
		want := fmt.Sprintf("tensors {model_name:m outputs:{out:{datatype:%s shape:[%s] data:[%s]}}}", c.datatype, strings.ReplaceAll(c.shape, ",", " "), c.want)
		if got := showRead(&p.Candidate); got != want {
			t.Errorf("%s: %s, want %s", c.datatype, got, want)
		}
	}
}

// Without this, servers that declare binary tensors in another way, or mix them
// with data in JSON, could not be read.
func TestBinaryTensorsAsDeclared(t *testing.T) {
	const (
		json = `{"outputs":[{"name":"a","datatype":"UINT8","shape":[1,2],"parameters":{"binary_data_size":2,"k":1}},` +
			`{"name":"b","datatype":"INT8","shape":[1],"data":[7]},{"name":"c","datatype":"BOOL","shape":[1],"parameters":{"binary_data_size":1}}]}`
		body = json + "\n \x01"
		want = `tensors {outputs:{a:{datatype:UINT8 shape:[1 2] parameters:{k:1} data:[10 32]} b:{datatype:INT8 shape:[1] data:[7]} c:{datatype:BOOL shape:[1] data:[true]}}}`
	)
	size := strconv.Itoa(len(json))
	for name, a := range map[string]*exchange.Answer{
		"Triton":        answered("application/octet-stream", body, "Inference-Header-Content-Length", size),
		"as JSON":       answered("application/json", body, "inference-header-content-length", size),
		"with charset":  answered("application/json; charset=utf-8", body, "Inference-Header-Content-Length", size),
		"without type":  answered("", body, "Inference-Header-Content-Length", size),
		"SageMaker":     answered("application/vnd.sagemaker-triton.binary+json;json-header-size="+size, body),
		"packed":        answered("", packed(t, "gzip", body), "Inference-Header-Content-Length", size, "Content-Encoding", "gzip"),
		"two as before": answered("application/json", body, "Inference-Header-Content-Length", size, "Age", "1"),
	} {
		var p Pair
		p.Read(a, answered("application/json", oneTensor("FP32", "1", "[1]")))
		if got := showRead(&p.Reference); got != want || p.Candidate.Form != Tensors || len(p.Reference.Tensors) != 3 {
			t.Errorf("%s: %s", name, got)
		}
		p.Read(a, answered("application/json", `{"error":"x"}`))
		if p.Reference.Form != JSON || p.Candidate.Form != JSON || len(p.Reference.Tensors) > 0 {
			t.Errorf("%s against an error: %s", name, showRead(&p.Reference))
		}
		p.Read(a, a)
		if !p.SameText {
			t.Errorf("%s differs from itself", name)
		}
	}
	d := read(answered("", `{"error":"x"}`, "Inference-Header-Content-Length", "13"))
	if showRead(&d) != "json {error:x}" {
		t.Errorf("an error with the header: %s", showRead(&d))
	}
}

// Without this, an answer whose bytes are not what its JSON says would be
// compared value by value with something that is none of its values.
func TestDamagedBinaryTensors(t *testing.T) {
	for name, c := range map[string]struct {
		a    *exchange.Answer
		want string
	}{
		"too short":        {binaryTensor("FP32", "2", "1234"), "4 bytes are not the shape's 2 values of FP32"},
		"a part of one":    {binaryTensor("FP32", "1", "12345"), "5 bytes are not"},
		"a huge shape":     {binaryTensor("INT8", "999999999999,999999999999", "1"), "1 bytes are not"},
		"cut":              {cut(binaryTensor("FP32", "1", "1234")), "4 bytes as declared, and 3 are left"},
		"a byte too many":  {longer(binaryTensor("FP32", "1", "1234")), "binary data that no output has"},
		"cut text":         {binaryTensor("BYTES", "1", "\x02\x00\x00\x00a"), "within value 1"},
		"cut length":       {binaryTensor("BYTES", "2", "\x01\x00\x00\x00a\x00"), "within value 2"},
		"huge text":        {binaryTensor("BYTES", "1", "\xff\xff\xff\xffa"), "within value 1"},
		"many texts":       {binaryTensor("BYTES", "999999999999", ""), "within value 1"},
		"text left":        {binaryTensor("BYTES", "0", "\x00\x00\x00\x00"), "4 bytes follow"},
		"unknown datatype": {binaryTensor("FP8", "1", "1"), `datatype "FP8"`},
		"data twice": {answered("application/json", `{"outputs":[{"name":"a","datatype":"INT8","shape":[1],"parameters":{"binary_data_size":1},"data":[1]}]}1`,
			"Inference-Header-Content-Length", "103"), "data twice"},
		"a long header":   {answered("application/json", "{}", "Inference-Header-Content-Length", "3"), "3 bytes as declared, the whole answer 2"},
		"no number":       {answered("application/json", "{}", "Inference-Header-Content-Length", "x"), "no length"},
		"two lengths":     {answered("application/json", "{}", "Inference-Header-Content-Length", "1", "Inference-Header-Content-Length", "2"), "no length"},
		"negative":        {answered("application/json", "{}", "Inference-Header-Content-Length", "-1"), "no length"},
		"no tensors":      {answered("application/json", "{}xx", "Inference-Header-Content-Length", "2"), "2 bytes follow JSON"},
		"no JSON":         {answered("application/json", "{}xx", "Inference-Header-Content-Length", "3"), "read as json"},
		"one name twice":  {answered("", sameNamed, "Inference-Header-Content-Length", strconv.Itoa(len(sameNamed))), "read as json"},
		"no data at all":  {answered("", strings.Replace(sameNamed, `"data":[1]`, `"x":1`, 1)+"x", "Inference-Header-Content-Length", strconv.Itoa(len(sameNamed)-5)), "1 bytes follow JSON"},
		"JSON of a shape": {answered("", oneTensor("FP32", "2", "[1]")+"x", "Inference-Header-Content-Length", strconv.Itoa(len(oneTensor("FP32", "2", "[1]")))), "its shape's 2 values"},
	} {
		if d := read(c.a); d.Err == nil || !strings.Contains(d.Err.Error(), c.want) {
			t.Errorf("%s: %s, want %q", name, showRead(&d), c.want)
		}
	}
}

const sameNamed = `{"outputs":[{"name":"a","datatype":"FP32","shape":[1],"data":[1]},{"name":"a","datatype":"FP32","shape":[1],"data":[1]}]}`

func cut(a *exchange.Answer) *exchange.Answer {
	a.Body = a.Body[:len(a.Body)-1]
	return a
}

func longer(a *exchange.Answer) *exchange.Answer {
	a.Body = append(a.Body, 'x')
	return a
}
