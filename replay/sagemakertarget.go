package replay

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

const sageMakerScheme = "sagemaker://"

// IsSageMaker says whether a target is an endpoint of SageMaker, however it is
// written after that.
func IsSageMaker(targetText string) bool { return strings.HasPrefix(targetText, sageMakerScheme) }

// sageMakerTarget says which endpoint of SageMaker an exchange is sent to, and
// with which options. All are templates; "" leaves an option out.
type sageMakerTarget struct {
	text                                string
	endpoint, variant, model, component string
	region                              string // no template; "" is what the environment says
	names                               map[string]string
}

// destination is a sageMakerTarget filled in.
type destination struct{ endpoint, variant, model, component string }

// String is the destination as a target would be written.
func (d destination) String() string { return sageMakerScheme + d.endpoint + d.options() }

func (d destination) options() string {
	options := url.Values{}
	for name, value := range map[string]string{"variant": d.variant, "model": d.model, "component": d.component} {
		if value != "" {
			options.Set(name, value)
		}
	}
	if len(options) == 0 {
		return ""
	}
	return "?" + options.Encode()
}

const sageMakerForm = "must be sagemaker://endpoint-name[?variant=…&model=…&component=…&region=…]"

// endpointName is what SageMaker allows for the names of endpoints and variants;
// those of inference components are not wider.
var endpointName = regexp.MustCompile(`^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$`)

const endpointNameForm = "letters, digits, and hyphens between them, at most 63"

// parseSageMakerTarget reads Options.Target and Names. Nothing of such a target
// is secret.
func parseSageMakerTarget(text string, names map[string]string) (*sageMakerTarget, error) {
	t := &sageMakerTarget{text: text, names: names}
	name, query, asks := strings.Cut(strings.TrimPrefix(text, sageMakerScheme), "?")
	t.endpoint = name
	if strings.ContainsAny(text, "#@") || strings.ContainsAny(name, "/:%") || name == "" {
		return nil, fmt.Errorf("target %q: %s", text, sageMakerForm)
	}
	if asks {
		if err := t.parseOptions(query); err != nil {
			return nil, fmt.Errorf("target %q: %w", text, err)
		}
	}
	for _, template := range []string{t.endpoint, t.variant, t.model, t.component} {
		if strings.ContainsAny(fill(template, &exchange.Exchange{}), "{}") {
			return nil, fmt.Errorf("target %q: {model} and {version} are all that is filled in", text)
		}
	}
	e := &exchange.Exchange{Model: "m", ModelVersion: "v"} // what fits wherever anything does
	if _, err := t.destination(e); err != nil {
		return nil, fmt.Errorf("target %q: %w", text, err)
	}
	return t, nil
}

func (t *sageMakerTarget) parseOptions(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New(sageMakerForm + ", with spaces and the like escaped")
	}
	fields := map[string]*string{"variant": &t.variant, "model": &t.model, "component": &t.component, "region": &t.region}
	for name, given := range values {
		field, ok := fields[name]
		switch {
		case !ok:
			return fmt.Errorf("%q is no option: variant, model, component and region are", name)
		case len(given) > 1:
			return fmt.Errorf("%s is given %d times", name, len(given))
		case given[0] == "":
			return fmt.Errorf("%s is empty: leave it out", name)
		}
		*field = given[0]
	}
	if t.region != "" && !endpointName.MatchString(t.region) {
		return fmt.Errorf("region %q: must be as eu-west-1", t.region)
	}
	return nil
}

// destination fills in e's model and version. The table of names has the last
// word on the endpoint. An error says why e has none.
func (t *sageMakerTarget) destination(e *exchange.Exchange) (destination, error) {
	d := destination{variant: fill(t.variant, e), model: fill(t.model, e), component: fill(t.component, e)}
	named, ok := t.names[e.Model]
	if d.endpoint = named; !ok {
		d.endpoint = fill(t.endpoint, e)
		if !endpointName.MatchString(d.endpoint) {
			return d, fmt.Errorf("the endpoint's name for model %q would be %q, and SageMaker has only %s: give it one in the table of names (names: of the config's target)", e.Model, d.endpoint, endpointNameForm)
		}
	}
	for option, value := range map[string]string{"variant": d.variant, "component": d.component} {
		if value != "" && !endpointName.MatchString(value) {
			return d, fmt.Errorf("the %s for model %q would be %q, and SageMaker has only %s", option, e.Model, value, endpointNameForm)
		}
	}
	if d.model != "" && (len(d.model) > 1024 || !isVisible(d.model) || slices.Contains(strings.Split(d.model, "/"), "..")) {
		return d, fmt.Errorf("the target model for model %q would be %q: it must be visible ASCII, at most 1,024 characters, and stay within its prefix", e.Model, d.model)
	}
	return d, t.fillable(e, ok)
}

// fillable refuses an exchange that has nothing to fill in.
func (t *sageMakerTarget) fillable(e *exchange.Exchange, named bool) error {
	all := t.variant + t.model + t.component
	if !named {
		all += t.endpoint
	}
	for _, f := range [][2]string{{"{model}", e.Model}, {"{version}", e.ModelVersion}} {
		if strings.Contains(all, f[0]) && f[1] == "" {
			return fmt.Errorf("the target wants %s, which is %q in this exchange", f[0], f[1])
		}
	}
	return nil
}

func fill(template string, e *exchange.Exchange) string {
	return expand(template, e, func(s string) string { return s })
}

// isVisible says whether s is printable ASCII and neither begins nor ends with a
// space, which is what the values of InvokeEndpoint's header fields may be.
func isVisible(s string) bool {
	return strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
