package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"dangol/shared/platform/event"
)

// Batch is a DynamoDB stream event, of which only keys, sequence numbers and the attribute "event" are decoded: images
// are large, and nothing else in them matters here.
type Batch struct {
	Records []Record `json:"Records"`
}

// Record is one change of one item.
type Record struct {
	Change struct {
		Keys struct {
			PK text `json:"pk"`
			SK text `json:"sk"`
		} `json:"Keys"`
		NewImage       image  `json:"NewImage"`
		OldImage       image  `json:"OldImage"`
		SequenceNumber string `json:"SequenceNumber"`
	} `json:"dynamodb"`
}

// image keeps the event undecoded, so that one that makes no sense spoils its own record and not the batch.
type image struct {
	Event json.RawMessage `json:"event"`
}

// text is a string attribute.
type text struct {
	S string `json:"S"`
}

// riding is an event.Event as a map attribute.
type riding struct {
	M struct {
		ID            text `json:"id"`
		Type          text `json:"type"`
		Time          text `json:"time"`
		CorrelationID text `json:"correlationId"`
		Data          text `json:"data"`
	} `json:"M"`
}

// item names the changed item, for the order of events and for logs.
func (r Record) item() string { return r.Change.Keys.PK.S + "/" + r.Change.Keys.SK.S }

// entry makes the bus entry of a record. tells is false when the record has no event, or the one the item had before.
func (r Record) entry(bus string) (e entry, tells bool, err error) {
	// A removed item has no new image, and the image of an item without an event has none.
	if raw := r.Change.NewImage.Event; len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return e, false, nil
	}
	var now, before riding
	if err := json.Unmarshal(r.Change.NewImage.Event, &now); err != nil {
		return e, false, err
	}
	// An old image that cannot be read was reported when it was the new one.
	if json.Unmarshal(r.Change.OldImage.Event, &before) == nil && before.M.ID.S == now.M.ID.S && now.M.ID.S != "" {
		return e, false, nil
	}
	envelope, err := now.envelope()
	if err != nil {
		return e, false, err
	}
	detail, err := json.Marshal(envelope)
	if err != nil {
		return e, false, fmt.Errorf("event %s: %w", envelope.ID, err)
	}
	e = entry{item: r.item(), at: envelope.Time, put: types.PutEventsRequestEntry{
		EventBusName: &bus, Source: aws.String(event.Source), DetailType: &envelope.Type,
		Detail: aws.String(string(detail)), Time: &envelope.Time,
	}}
	e.bytes = size(e.put)
	// EventBridge would refuse it each time.
	if e.bytes > maxBytes {
		return e, false, fmt.Errorf("event %s has %d bytes, the bus takes %d", envelope.ID, e.bytes, maxBytes)
	}
	return e, true, nil
}

// envelope is the event as it goes onto the bus. An event
// without id, type or data was not written by package event.
func (r riding) envelope() (event.Envelope, error) {
	if r.M.ID.S == "" || r.M.Type.S == "" || r.M.Data.S == "" {
		return event.Envelope{}, errors.New("the attribute event has no id, type or data")
	}
	at, err := time.Parse(time.RFC3339Nano, r.M.Time.S)
	if err != nil {
		return event.Envelope{}, fmt.Errorf("event %s: %w", r.M.ID.S, err)
	}
	e := event.Event{ID: r.M.ID.S, Type: r.M.Type.S, Time: at, CorrelationID: r.M.CorrelationID.S, Data: r.M.Data.S}
	return e.Envelope(), nil
}
