package exchange

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
)

// HashRequest is the first 8 bytes, big-endian, of the SHA-256 over model,
// method, path, content type and body, each preceded by its length as 8 bytes
// little-endian. Equal requests have equal hashes: it finds repeats and decides
// --sample.
func HashRequest(e *Exchange) int64 {
	sum := digest([]byte(e.Model), []byte(e.Request.Method), []byte(e.Request.Path), []byte(e.Request.ContentType), e.Request.Body)
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// The packing headers: without them the bytes of a body mean nothing.
const (
	ContentEncoding = "content-encoding"                // RFC 9110 section 8.4
	JSONLength      = "inference-header-content-length" // of the JSON before binary tensors: Triton's extension of the Open Inference Protocol
)

// HashAnswer is the first 8 bytes, big-endian, of the SHA-256 over the body and
// then, of each packing header that the answer has, name and value, all preceded
// by their lengths. Answers with one hash have the same bytes, packed alike: the
// judge need not read them. The content type is not part of it, because systems
// declare one in many ways. It is never 0.
func HashAnswer(a *Answer) int64 {
	sum := digest(append([][]byte{a.Body}, packing(a.Headers)...)...)
	return cmp.Or(int64(binary.BigEndian.Uint64(sum[:])), 1)
}

// packing lists the packing headers' names and values. Most answers have none,
// which is seen without decoding them.
func packing(headers []byte) (parts [][]byte) {
	for _, name := range []string{ContentEncoding, JSONLength} {
		if !bytes.Contains(headers, []byte(name)) {
			continue
		}
		list, err := DecodeHeaders(headers)
		if err != nil { // then they stand for themselves
			return [][]byte{headers}
		}
		for _, h := range list {
			if h.Name == name {
				parts = append(parts, []byte(h.Name), []byte(h.Value))
			}
		}
	}
	return parts
}

// digest is the SHA-256 over the parts, each preceded by its length as 8 bytes
// little-endian.
func digest(parts ...[]byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.LittleEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write(p)
	}
	h.Sum(sum[:0])
	return sum
}
