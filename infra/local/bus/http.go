package bus

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Limits of PutEvents. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
const (
	maxEntries = 10
	maxBytes   = 256 << 10
)

// putEvents is the request of the API.
type putEvents struct {
	Entries []entry
}

// entry is one event of a request.
type entry struct {
	Source       string
	DetailType   string
	Detail       string
	EventBusName string
	Resources    []string
	Time         *float64 // epoch seconds
}

// result is the answer for one entry: an id, or why it was refused.
type result struct {
	EventID      string `json:"EventId,omitempty"`
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

// invalid is an error of the whole request.
type invalid string

func (i invalid) Error() string { return string(i) }

// ServeHTTP answers PutEvents in the AWS JSON 1.1 protocol, at any path.
func (b *Bus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	answer, err := b.answer(r)
	if err == nil {
		_ = json.NewEncoder(w).Encode(answer)
		return
	}
	code, status := "InternalException", http.StatusInternalServerError
	if _, ok := errors.AsType[invalid](err); ok {
		code, status = "ValidationException", http.StatusBadRequest
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": err.Error()})
}

// answer checks the request as a whole and then puts each entry on its own.
func (b *Bus) answer(r *http.Request) (any, error) {
	if target := r.Header.Get("X-Amz-Target"); target != "AWSEvents.PutEvents" {
		return nil, invalid("only AWSEvents.PutEvents is served locally, not " + target)
	}
	// More than the limit, so that a request that is too large is answered and not cut.
	raw, err := io.ReadAll(io.LimitReader(r.Body, 4*maxBytes))
	if err != nil {
		return nil, invalid("unreadable body")
	}
	var in putEvents
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, invalid("the body is no PutEvents request: " + err.Error())
	}
	var size int
	for _, e := range in.Entries {
		size += e.size()
	}
	if len(in.Entries) == 0 || len(in.Entries) > maxEntries {
		return nil, invalid("1 validation error detected: Value at 'entries' failed to satisfy constraint: " +
			"Member must have length between 1 and 10")
	}
	if size > maxBytes {
		return nil, invalid("Total size of the entries in the request is over the limit.")
	}
	results := make([]result, len(in.Entries))
	var failed int
	for i, e := range in.Entries {
		if results[i], err = b.put(e); err != nil {
			return nil, err
		}
		if results[i].ErrorCode != "" {
			failed++
		}
	}
	return map[string]any{"FailedEntryCount": failed, "Entries": results}, nil
}

// size counts an entry as EventBridge does.
func (e entry) size() int {
	n := len(e.Source) + len(e.DetailType) + len(e.Detail)
	for _, r := range e.Resources {
		n += len(r)
	}
	if e.Time != nil {
		// EventBridge counts 14 bytes for a time.
		n += 14
	}
	return n
}

// put puts one entry; a refused entry does not stop the others.
func (b *Bus) put(e entry) (result, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries++
	if b.options.Faults.Refuse != nil && b.options.Faults.Refuse(b.entries) {
		return result{ErrorCode: "InternalFailure", ErrorMessage: "Internal failure."}, nil
	}
	bus := path.Base(cmp.Or(e.EventBusName, Default)) // a name, or an ARN that ends in /name
	if refusal := e.refusal(); refusal.ErrorCode != "" {
		return refusal, nil
	}
	if !b.buses[bus] {
		return result{ErrorCode: "ResourceNotFoundException", ErrorMessage: "Event bus " + bus + " does not exist."}, nil
	}
	event := events.EventBridgeEvent{
		Source: e.Source, DetailType: e.DetailType, Detail: json.RawMessage(e.Detail), Resources: e.Resources,
	}
	if e.Time != nil {
		whole, _ := math.Modf(*e.Time)
		// EventBridge drops the fraction.
		event.Time = time.Unix(int64(whole), 0).UTC()
	}
	eventID, err := b.publish(bus, event)
	return result{EventID: eventID}, err
}

// refusal is what EventBridge refuses in a single entry.
func (e entry) refusal() result {
	type field struct{ name, value string }
	for _, required := range []field{{"Source", e.Source}, {"DetailType", e.DetailType}, {"Detail", e.Detail}} {
		if required.value == "" {
			return result{"", "InvalidArgument",
				"Parameter " + required.name + " is not valid. Reason: " + required.name + " is a required argument."}
		}
	}
	// Only AWS services may use these sources.
	if strings.HasPrefix(e.Source, "aws.") {
		return result{"", "NotAuthorizedForSourceException", "Not authorized for the source."}
	}
	// The detail must be an object: patterns look into its fields.
	if detail := bytes.TrimSpace([]byte(e.Detail)); !json.Valid(detail) || detail[0] != '{' {
		return result{"", "MalformedDetail", "Detail is malformed."}
	}
	return result{}
}
