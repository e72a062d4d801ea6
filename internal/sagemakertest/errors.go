package sagemakertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// fail writes an error as REST-JSON services do: the type in a header, the
// message in the body.
func fail(w http.ResponseWriter, status int, code, message string) {
	failWith(w, status, code, map[string]any{"Message": message})
}

// throttle writes a ThrottlingException, which only the header tells from any
// other bad request.
func throttle(w http.ResponseWriter) {
	failWith(w, http.StatusBadRequest, "ThrottlingException", map[string]any{"message": nil})
}

func failWith(w http.ResponseWriter, status int, code string, body map[string]any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic("strings and numbers always marshal: " + err.Error())
	}
	w.Header().Set("x-amzn-ErrorType", code)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// maxMessage is the length of a Message in the service model.
const maxMessage = 2048

// modelError wraps what the container said. status 0 is for a container that said
// nothing.
func (r *Runtime) modelError(w http.ResponseWriter, endpoint string, status int, said string) {
	said = cut(said)
	side := "server"
	if status/100 == 4 {
		side = "client"
	}
	group := "/aws/sagemaker/Endpoints/" + endpoint
	message := fmt.Sprintf("Received %s error (%d) from primary with message \"%s\". See https://%s.console.aws.amazon.com/cloudwatch/home?region=%s#logEventViewer:group=%s in account %s for more information.",
		side, status, said, r.region(), r.region(), group, r.account())
	failWith(w, http.StatusFailedDependency, "ModelError", map[string]any{
		"Message": cut(message), "OriginalMessage": said, "OriginalStatusCode": status,
		"LogStreamArn": fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s", r.region(), r.account(), group),
	})
}

func cut(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxMessage)], "\uFFFD")
}
