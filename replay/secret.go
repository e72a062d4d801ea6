package replay

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// A secret has no place in a target's text, which names the run, lies in its files
// and is shown. In the query ${NAME} stands for one.
var reference = regexp.MustCompile(`\$\{([A-Z_][A-Z0-9_]*)\}`)

// References are the names of what a target's query takes from elsewhere, in their
// order.
func References(targetText string) (names []string) {
	_, query, _ := strings.Cut(targetText, "?")
	for _, found := range reference.FindAllStringSubmatch(query, -1) {
		names = append(names, found[1])
	}
	return names
}

// fillIn has url fill in what references stand for.
func (t *target) fillIn(values map[string]string) error {
	for _, name := range References("?" + t.query) {
		if values[name] == "" {
			return fmt.Errorf("the target's query needs %s from the environment: set it", name)
		}
	}
	t.filled = reference.ReplaceAllStringFunc(t.query, func(found string) string {
		return url.QueryEscape(values[found[2:len(found)-1]])
	})
	return nil
}

// secretNames are what names of query parameters have in them whose values are
// secrets.
var secretNames = []string{"token", "secret", "password", "passwd", "apikey", "accesskey", "subscriptionkey", "credential", "signature"}

// CheckSecrets refuses a target whose query seems to hold a secret as it is.
func CheckSecrets(targetText string) error {
	if IsSageMaker(targetText) {
		return nil
	}
	_, query, _ := strings.Cut(targetText, "?")
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if value == "" || strings.ContainsAny(value, "{}") {
			continue
		}
		bare := strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name))
		secret := bare == "key" || bare == "sig" || bare == "auth" || bare == "pwd" || bare == "code"
		for _, part := range secretNames {
			secret = secret || strings.Contains(bare, part)
		}
		if secret {
			return fmt.Errorf("target %q: its parameter %s seems to be a secret, and a target is kept with the run and shown: write %s=${NAME}, which is taken from the environment, or set a header", harmless(targetText), name, name)
		}
	}
	return nil
}
