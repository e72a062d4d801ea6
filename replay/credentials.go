package replay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

// renewal gives credentials up that AWS does not take, at most once in a pause: if
// it takes none, each request would ask the whole chain.
type renewal struct {
	cache *aws.CredentialsCache
	pause time.Duration

	mu   sync.Mutex
	last time.Time
}

func (r *renewal) ask() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last.IsZero() || time.Since(r.last) >= r.pause {
		r.last = time.Now()
		r.cache.Invalidate()
	}
}

// lookup is how long credentials may take to be found, when a sender is made.
const lookup = 30 * time.Second

// errCredentials is a request that could not be signed.
var errCredentials = errors.New("no AWS credentials")

// awsConfig asks the environment as every AWS tool does. Its credentials last: they
// are renewed before they end, and whenever one calls Invalidate the whole chain is
// asked anew, files included, so that a profile that is renewed from outside is
// found within a run that takes days.
func awsConfig(ctx context.Context, region string) (aws.Config, *aws.CredentialsCache, error) {
	cfg, err := loadConfig(ctx)
	if err != nil {
		return cfg, nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if region != "" {
		cfg.Region = region
	}
	if cfg.Region == "" {
		return cfg, nil, errors.New("no AWS region: set AWS_REGION, or say it in the target, as in sagemaker://name?region=eu-west-1")
	}
	cache := aws.NewCredentialsCache(aws.CredentialsProviderFunc(chain), func(o *aws.CredentialsCacheOptions) {
		o.ExpiryWindow, o.ExpiryWindowJitterFrac = 5*time.Minute, 0.5
	})
	cfg.Credentials = cache
	if _, err := cache.Retrieve(ctx); err != nil {
		return cfg, nil, fmt.Errorf("%w: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give this machine a role", err)
	}
	return cfg, cache, nil
}

func loadConfig(ctx context.Context) (aws.Config, error) {
	return config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{})) // it would write to stderr
}

// chain asks for credentials from the start.
func chain(ctx context.Context) (aws.Credentials, error) {
	cfg, err := loadConfig(ctx)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("%w: %w", errCredentials, err)
	}
	c, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return c, fmt.Errorf("%w: %w", errCredentials, err)
	}
	return c, nil
}
