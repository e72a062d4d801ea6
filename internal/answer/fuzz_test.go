package answer

import (
	"bytes"
	"slices"
	"strconv"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/tape"
)

// FuzzPair reads two answers both ways round, on a Pair that is new and on one
// that has read something else before: whatever comes, nothing panics, no side
// is treated unlike the other, and nothing of the last answers is left.
func FuzzPair(f *testing.F) {
	tensors := binaryTensor("FP32", "1", "\x00\x00\x80\x3f")
	f.Add([]byte(greeting), "application/json", "", int64(-1), []byte(" "+greeting), "application/json; charset=latin1", "", int64(-1))
	f.Add([]byte("a,b\n1,2\n"), "text/csv", "", int64(-1), []byte("b,a\n\"1\",3"), "text/csv; header=present", "identity", int64(-1))
	f.Add([]byte("a,a\n1,2\n"), "text/csv;header=present", "", int64(-1), []byte("a,a\n1\n"), "text/csv", "", int64(-1))
	f.Add([]byte("{}\n[]"), "", "", int64(-1), []byte("{}\n1"), "application/jsonlines", "", int64(-1))
	f.Add([]byte(oneTensor("FP32", "1,1", "[[1]]")), "application/json", "", int64(-1), tensors.Body, "application/octet-stream", "", int64(len(tensors.Body)-4))
	f.Add([]byte(oneTensor("BYTES", "0", "[]")+"\x00"), "a/b+json;json-header-size=90", "", int64(-1), []byte(sameNamed), "text/plain", "", int64(3))
	f.Add([]byte(packed(f, "gzip", greeting)), "text/plain", "gzip", int64(-1), []byte(packed(f, "deflate", packed(f, "zlib", "1"))), "", "deflate,DEFLATE", int64(-1))
	f.Add([]byte("\xff\xfe1\x00"), "", "br", int64(-1), []byte("\xfe\xff\xd8\x00\xdc\x00"), "text/html;charset=utf-16", "", int64(-1))
	f.Fuzz(func(t *testing.T, bodyA []byte, typeA, encodingA string, sizeA int64, bodyB []byte, typeB, encodingB string, sizeB int64) {
		a, b := fuzzed(bodyA, typeA, encodingA, sizeA), fuzzed(bodyB, typeB, encodingB, sizeB)
		var there, back Pair
		there.Read(a, b)
		back.Read(b, a)
		checkPair(t, &there, &back)
		back.Read(a, a)
		if back.Reference.Err == nil && !back.SameText {
			t.Error("an answer differs from itself")
		}
		if same := Same(a, b); same != Same(b, a) || same && there.Reference.Err == nil && there.Candidate.Err == nil && there.Reference.Form == there.Candidate.Form && !there.SameText {
			t.Errorf("same: %v, same text: %v", same, there.SameText)
		}
		back.Read(b, a)
		checkPair(t, &there, &back)
	})
}

func fuzzed(body []byte, contentType, encoding string, size int64) *exchange.Answer {
	fields := []string{"Content-Encoding", encoding}
	if size >= 0 {
		fields = append(fields, "Inference-Header-Content-Length", strconv.FormatInt(size, 10))
	}
	return answered(contentType, string(body), fields...)
}

// checkPair holds that back is there with its sides swapped.
func checkPair(t *testing.T, there, back *Pair) {
	t.Helper()
	if there.SameText != back.SameText {
		t.Fatalf("same text: %v, swapped %v", there.SameText, back.SameText)
	}
	for _, sides := range [][2]*Decoded{{&there.Reference, &back.Candidate}, {&there.Candidate, &back.Reference}} {
		a, b := sides[0], sides[1]
		if a.Form != b.Form || a.MediaType != b.MediaType || !slices.Equal(a.Tensors, b.Tensors) || (a.Err == nil) != (b.Err == nil) {
			t.Fatalf("%+v\n%+v", a, b)
		}
		if a.Err != nil && a.Err.Error() != b.Err.Error() {
			t.Fatalf("%v and %v", a.Err, b.Err)
		}
		if a.Err == nil && !there.SameText {
			checkTapes(t, a, b)
		}
	}
}

func checkTapes(t *testing.T, a, b *Decoded) {
	t.Helper()
	if len(a.Tape.Nodes) == 0 || !bytes.Equal(a.Tape.Text, b.Tape.Text) || show(&a.Tape) != show(&b.Tape) {
		t.Fatalf("%s\n%s", showRead(a), showRead(b))
	}
	for _, tensor := range a.Tensors {
		if a.Tape.Nodes[tensor.Data].Kind != tape.Array {
			t.Fatalf("%s: tensor %+v is no array", show(&a.Tape), tensor)
		}
	}
}
