package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"

	"github.com/aws/aws-lambda-go/lambda"
)

// encodingPaths encodes the path of an event again. API Gateway decodes it ("/codes/50%25OFF" arrives as
// "/codes/50%OFF"), and what stands behind would take the rest for an escape, a query or a fragment.
type encodingPaths struct{ lambda.Handler }

// Invoke implements lambda.Handler.
func (h encodingPaths) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return h.Handler.Invoke(ctx, encodePath(payload))
}

// rawPath is how the path stands in the event; looking for
// it as text is far cheaper than decoding each event.
var rawPath = []byte(`"rawPath":"`)

// encodePath returns the event with its path encoded. Most paths need nothing, and the event is then not taken apart.
func encodePath(payload []byte) []byte {
	_, rest, found := bytes.Cut(payload, rawPath)
	path, _, _ := bytes.Cut(rest, []byte(`"`))
	// None of these characters may stand in a path that is encoded already.
	if !found || !bytes.ContainsAny(path, "%?# \\^`{|}<>") {
		return payload
	}
	var event map[string]json.RawMessage
	var decoded string
	if json.Unmarshal(payload, &event) != nil || json.Unmarshal(event["rawPath"], &decoded) != nil {
		return payload // what is no event is refused behind here
	}
	encoded, err := json.Marshal((&url.URL{Path: decoded}).EscapedPath())
	if err != nil {
		return payload
	}
	event["rawPath"] = encoded
	out, err := json.Marshal(event)
	if err != nil {
		return payload
	}
	return out
}
