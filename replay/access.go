package replay

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
)

// Access is how a Sender with a SageMaker target gets at it.
type Access struct {
	URL         string // of SageMaker Runtime, in the region
	Region      string
	Credentials string    // whence they are
	Expires     time.Time // zero if they don't
}

// FindAccess looks for region and credentials as a Sender would, and asks SageMaker
// nothing. An error says what to set.
func FindAccess(ctx context.Context, targetText string) (Access, error) {
	t, err := parseSageMakerTarget(targetText, nil)
	if err != nil {
		return Access{}, err
	}
	cfg, cache, err := awsConfig(ctx, t.region)
	if err != nil {
		return Access{}, fmt.Errorf("target %s: %w", targetText, err)
	}
	found, err := cache.Retrieve(ctx)
	if err != nil {
		return Access{}, fmt.Errorf("target %s: %w", targetText, err)
	}
	a := Access{Region: cfg.Region, Credentials: found.Source}
	if found.CanExpire {
		a.Expires = found.Expires
	}
	base := sagemakerruntime.NewFromConfig(cfg).Options().BaseEndpoint
	place, err := sagemakerruntime.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, sagemakerruntime.EndpointParameters{Region: aws.String(cfg.Region), Endpoint: base})
	if err != nil {
		return a, fmt.Errorf("target %s: region %s: %w", targetText, cfg.Region, err)
	}
	a.URL = place.URI.String()
	return a, nil
}
