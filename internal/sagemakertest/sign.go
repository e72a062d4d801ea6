package sagemakertest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// problem is an error before anything is invoked.
type problem struct {
	status        int
	code, message string
}

// maxSkew is how far the clocks of caller and AWS may be apart.
const maxSkew = 5 * time.Minute

const timeForm = "20060102T150405Z"

// authenticate verifies a Signature Version 4: it signs what the caller says that
// it signed with what only the two of them know.
func (r *Runtime) authenticate(req *http.Request, body []byte, now time.Time) *problem {
	const algorithm = "AWS4-HMAC-SHA256 "
	given, ok := strings.CutPrefix(req.Header.Get("Authorization"), algorithm)
	if !ok {
		return &problem{403, "MissingAuthenticationTokenException", "Missing Authentication Token"}
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(given, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[name] = value
	}
	scope := strings.Split(fields["Credential"], "/") // id, day, region, service, aws4_request
	signed := strings.Split(fields["SignedHeaders"], ";")
	date, err := time.Parse(timeForm, req.Header.Get("X-Amz-Date"))
	if err != nil || len(scope) != 5 || fields["Signature"] == "" {
		return &problem{400, "IncompleteSignatureException", "Authorization header requires Credential, SignedHeaders, Signature and X-Amz-Date."}
	}
	key, ok := r.Keys[scope[0]]
	if !ok || key.Token != req.Header.Get("X-Amz-Security-Token") {
		return &problem{403, "UnrecognizedClientException", "The security token included in the request is invalid."}
	}
	if scope[2] != r.region() || scope[3] != "sagemaker" || scope[1] != date.Format("20060102") {
		return &problem{403, "InvalidSignatureException", "Credential should be scoped to a valid region, service and day."}
	}
	if d := now.Sub(date).Abs(); d > maxSkew {
		return &problem{403, "InvalidSignatureException", "Signature expired: " + date.Format(timeForm) + " is not within 5 min. of " + now.UTC().Format(timeForm)}
	}
	if !sameSignature(req, body, signed, key, scope[0], scope[2], date) {
		return &problem{403, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."}
	}
	if key.Expired != nil && key.Expired() {
		return &problem{403, "ExpiredTokenException", "The security token included in the request is expired"}
	}
	if key.Denied {
		return &problem{403, "AccessDeniedException", "User is not authorized to perform: sagemaker:InvokeEndpoint because no identity-based policy allows the sagemaker:InvokeEndpoint action"}
	}
	return nil
}

// sameSignature signs the same request with the SDK's signer. host, x-amz-date
// and whatever says what the request means must be among what was signed.
func sameSignature(req *http.Request, body []byte, signed []string, key Key, id, region string, date time.Time) bool {
	again := &http.Request{Method: req.Method, URL: req.URL, Host: req.Host, Header: http.Header{}}
	for _, name := range signed {
		switch name {
		case "content-length":
			again.ContentLength = req.ContentLength
		case "host", "x-amz-date", "x-amz-security-token": // the signer sets them itself
		default:
			again.Header[http.CanonicalHeaderKey(name)] = req.Header.Values(name)
		}
	}
	for name := range req.Header {
		if strings.HasPrefix(name, "X-Amzn-Sagemaker-") && again.Header[name] == nil {
			return false
		}
	}
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: id, SecretAccessKey: key.Secret, SessionToken: key.Token}
	if err := v4.NewSigner().SignHTTP(req.Context(), credentials, again, hex.EncodeToString(sum[:]), "sagemaker", region, date); err != nil {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(again.Header.Get("Authorization")), []byte(req.Header.Get("Authorization"))) == 1
}
