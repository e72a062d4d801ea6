package store

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/logging"
)

// s3Bucket keeps each object under prefix and its key.
type s3Bucket struct {
	client *s3.Client
	bucket string
	prefix string // empty, or ends in a slash
	probe  probe
	kmsKey string // that what is written is encrypted with; empty: as the bucket has it
	tags   string // of what is written, as in team=ml&kind=recording; empty: none
}

// What the AWS configuration has no settings for is in the environment, too.
const (
	kmsKeyEnv = "PARITY_S3_KMS_KEY_ID"
	tagsEnv   = "PARITY_S3_TAGGING"
)

// Enough attempts to outlast a race for one key (409) or a throttle (503), few
// enough that an endpoint that is down is reported within seconds.
const attempts = 5

func openS3(ctx context.Context, rest string) (*s3Bucket, error) {
	bucket, prefix, _ := strings.Cut(strings.TrimSuffix(rest, "/"), "/")
	b := &s3Bucket{bucket: bucket, prefix: prefix, kmsKey: os.Getenv(kmsKeyEnv), tags: os.Getenv(tagsEnv)}
	if _, err := url.ParseQuery(b.tags); err != nil {
		return nil, fmt.Errorf("%s %q: write tags as in team=ml&kind=recording: %w", tagsEnv, b.tags, err)
	}
	if bucket == "" || prefix != "" && !fs.ValidPath(prefix) {
		return nil, fmt.Errorf("open %s%s: it is not of the form s3://bucket/prefix", s3Scheme, rest)
	}
	if prefix != "" {
		b.prefix += "/"
	}
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithHTTPClient(newHTTPClient()),
		config.WithLogger(logging.Nop{})) // it would write to stderr; what matters is in the errors
	if err != nil {
		return nil, fmt.Errorf("open %s: AWS configuration: %w", b, err)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	// Here and not at the first request, where they hide in a chain of errors.
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("open %s: no usable AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE: %w", b, err)
	}
	b.client = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil
		o.Retryer = newRetryer() // AWS_MAX_ATTEMPTS still applies
		// Some S3-compatible servers know none of the newer default checksums.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
	return b, nil
}

func newRetryer() aws.Retryer {
	standard := retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = attempts, 4*time.Second })
	return retry.AddWithErrorCodes(standard, "ConditionalRequestConflict")
}

// newHTTPClient gives up on a server that doesn't answer. The defaults would
// wait 30 s for a connection and for ever for an answer.
func newHTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = 5 * time.Second }).
		WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = time.Minute })
}

func (b *s3Bucket) String() string {
	return strings.TrimSuffix(s3Scheme+b.bucket+"/"+b.prefix, "/")
}

// name is a key's full name in the bucket, as the SDK wants it.
func (b *s3Bucket) name(key string) *string { return aws.String(b.prefix + key) }

func (b *s3Bucket) Put(ctx context.Context, key string, body io.ReadSeeker) error {
	if err := checkKey(key); err != nil {
		return fmt.Errorf("put: %w", err)
	}
	if err := b.probe.once(ctx, b); err != nil {
		return err
	}
	return b.put(ctx, key, body)
}

// put creates key with one request, which is retried whole.
func (b *s3Bucket) put(ctx context.Context, key string, body io.ReadSeeker) error {
	size, sum, err := checksum(body)
	if err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	in := &s3.PutObjectInput{
		Bucket: &b.bucket, Key: b.name(key), Body: body, ContentLength: &size,
		IfNoneMatch: aws.String("*"), ChecksumCRC32C: &sum,
	}
	if b.kmsKey != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &b.kmsKey
	}
	if b.tags != "" {
		in.Tagging = &b.tags
	}
	_, err = b.client.PutObject(ctx, in)
	return b.explain(ctx, "put", key, err)
}

// checksum reads r from its start, and rewinds it: how long it is, and its CRC-32C
// in the form of S3's header, big-endian base64. Left to the SDK, it would travel in
// a trailer, which not every server reads.
func checksum(r io.ReadSeeker) (size int64, sum string, err error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return 0, "", err
	}
	h := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	if size, err = io.Copy(h, r); err != nil {
		return 0, "", err
	}
	_, err = r.Seek(0, io.SeekStart)
	return size, base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, h.Sum32())), err
}

func (b *s3Bucket) Get(ctx context.Context, key string, off, n int64) (data []byte, size int64, err error) {
	return b.GetInto(ctx, key, off, n, nil)
}

func (b *s3Bucket) GetInto(ctx context.Context, key string, off, n int64, buf []byte) (data []byte, size int64, err error) {
	if err := checkKey(key); err != nil {
		return nil, 0, fmt.Errorf("get: %w", err)
	}
	if n == 0 && off >= 0 { // HTTP has no range of nothing
		size, err = b.size(ctx, key)
		return nil, size, err
	}
	// The SDK retries up to the headers; a body that breaks off is for us.
	for range attempts {
		data, size, err = b.get(ctx, key, off, n, buf)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
	}
	if status(err) == http.StatusRequestedRangeNotSatisfiable { // an empty object, or off is past the end
		size, err = b.size(ctx, key)
		return nil, size, err
	}
	return data, size, b.explain(ctx, "get", key, err)
}

// getTimeout is for one try of a Get with its body, which is some MiB as a
// rule: a server that goes silent in the middle must not hang the job.
const getTimeout = 5 * time.Minute

func (b *s3Bucket) get(ctx context.Context, key string, off, n int64, buf []byte) (data []byte, size int64, err error) {
	try, cancel := context.WithTimeout(ctx, getTimeout)
	defer cancel()
	out, err := b.client.GetObject(try, &s3.GetObjectInput{Bucket: &b.bucket, Key: b.name(key), Range: byteRange(off, n)})
	if err != nil {
		return nil, 0, err
	}
	defer out.Body.Close()
	if out.ContentLength == nil {
		return nil, 0, errors.New("the server's answer has no Content-Length")
	}
	data = room(buf, *out.ContentLength)
	if _, err := io.ReadFull(out.Body, data); err != nil {
		if ctx.Err() == nil {
			err = fmt.Errorf("the answer broke off: %w: %w", io.ErrUnexpectedEOF, err)
		}
		return nil, 0, err
	}
	if out.ContentRange == nil { // the whole object, asked for or not
		size = int64(len(data))
		from, length := span(off, n, size)
		return data[from : from+length], size, nil
	}
	var first, last int64
	if _, err := fmt.Sscanf(*out.ContentRange, "bytes %d-%d/%d", &first, &last, &size); err != nil {
		return nil, 0, fmt.Errorf("the server's Content-Range %q: %w", *out.ContentRange, err)
	}
	if off >= 0 && first != off || last-first+1 != int64(len(data)) {
		return nil, 0, fmt.Errorf("the server sent %d bytes with Content-Range %q, asked for %s", len(data), *out.ContentRange, *byteRange(off, n))
	}
	return data, size, nil
}

// byteRange is the Range header of Get's off and n; nil means all.
func byteRange(off, n int64) *string {
	switch {
	case off < 0:
		return aws.String(fmt.Sprintf("bytes=%d", off))
	case n >= 0:
		return aws.String(fmt.Sprintf("bytes=%d-%d", off, off+n-1))
	case off > 0:
		return aws.String(fmt.Sprintf("bytes=%d-", off))
	}
	return nil
}

func (b *s3Bucket) size(ctx context.Context, key string) (int64, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.bucket, Key: b.name(key)})
	if err != nil {
		return 0, b.explain(ctx, "get", key, err)
	}
	return aws.ToInt64(out.ContentLength), nil
}

func (b *s3Bucket) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.bucket, Prefix: b.name(prefix)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(Object{}, b.explain(ctx, "list", prefix, err))
				return
			}
			for _, o := range page.Contents {
				key := strings.TrimPrefix(aws.ToString(o.Key), b.prefix)
				if reserved(key) || key == "" || strings.HasSuffix(key, "/") { // a slash ends a folder's marker
					continue
				}
				if !yield(Object{Key: key, Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified)}, nil) {
					return
				}
			}
		}
	}
}

func (b *s3Bucket) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.bucket, Key: b.name(key)})
	if err = b.explain(ctx, "delete", key, err); errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
