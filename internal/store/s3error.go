package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// advice says what an error code of S3 means and what to do. Its verb is the
// bucket's name.
var advice = map[string]string{
	"NoSuchBucket":                 "bucket %q does not exist: create it, or correct the name",
	"AccessDenied":                 "access to bucket %q denied: these credentials need s3:PutObject, s3:GetObject, s3:ListBucket and s3:DeleteObject on it",
	"InvalidAccessKeyId":           badCredentials,
	"SignatureDoesNotMatch":        badCredentials,
	"InvalidToken":                 badCredentials,
	"XAdminUserNotFound":           badCredentials, // of versitygw
	"ExpiredToken":                 "the credentials for bucket %q have expired: renew them, as with aws sso login",
	"RequestTimeTooSkewed":         "the server of bucket %q refuses a request of this time: set this machine's clock",
	"PermanentRedirect":            wrongRegion,
	"AuthorizationHeaderMalformed": wrongRegion,
	"NotImplemented":               "the server of bucket %q lacks what Parity needs, conditional creation (If-None-Match) foremost: use another store",
}

const (
	badCredentials = "the server of bucket %q does not accept the credentials: correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
	wrongRegion    = "bucket %q is in another region: set AWS_REGION to it"
)

// explain turns an error of the SDK, which holds a chain of its own workings,
// into a sentence that says what to do; nil stays nil.
func (b *s3Bucket) explain(ctx context.Context, verb, key string, err error) error {
	if err == nil {
		return nil
	}
	where := s3Scheme + b.bucket + "/" + b.prefix + key
	var api smithy.APIError
	var sent *url.Error
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s %s: %w", verb, where, context.Cause(ctx))
	case verb == "put" && status(err) == http.StatusPreconditionFailed:
		return fmt.Errorf("put %s: %w", where, ErrExists)
	case errors.As(err, &api) && advice[api.ErrorCode()] != "":
		return fmt.Errorf("%s %s: "+advice[api.ErrorCode()]+" (%w)", verb, where, b.bucket, api)
	case api != nil && (api.ErrorCode() == "NoSuchKey" || api.ErrorCode() == "NotFound"): // the latter of HEAD
		return fmt.Errorf("%s %s: %w", verb, where, ErrNotFound)
	case errors.As(err, &sent):
		return fmt.Errorf("%s %s: no answer from %s: check the network and AWS_ENDPOINT_URL_S3: %w", verb, where, b.endpoint(sent), sent.Err)
	case api != nil:
		return fmt.Errorf("%s %s: %w", verb, where, api)
	}
	return fmt.Errorf("%s %s: %w", verb, where, err)
}

// endpoint is where the requests go.
func (b *s3Bucket) endpoint(sent *url.Error) string {
	if base := b.client.Options().BaseEndpoint; base != nil {
		return aws.ToString(base)
	}
	if u, err := url.Parse(sent.URL); err == nil {
		return u.Host
	}
	return "S3"
}

// status is the HTTP status that an error of the SDK stands for, 0 for none.
func status(err error) int {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}
