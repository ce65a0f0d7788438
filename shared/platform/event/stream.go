package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// StreamBatch is a DynamoDB stream event, of which only keys, sequence numbers and the attribute "event" are decoded:
// images are large, and nothing else in them matters to those who read events.
type StreamBatch struct {
	Records []StreamRecord `json:"Records"`
}

// StreamRecord is one change of one item.
type StreamRecord struct {
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

// attribute is an Event as a map attribute.
type attribute struct {
	M struct {
		ID            text `json:"id"`
		Type          text `json:"type"`
		Time          text `json:"time"`
		CorrelationID text `json:"correlationId"`
		Data          text `json:"data"`
	} `json:"M"`
}

// Item names the changed item, for the order of events and for logs.
func (r StreamRecord) Item() string { return r.Change.Keys.PK.S + "/" + r.Change.Keys.SK.S }

// Envelope is the event that the change wrote. ok is false when the item has no event, or has the one that it had
// before. Errors: an event that package event did not write.
func (r StreamRecord) Envelope() (e Envelope, ok bool, err error) {
	// A removed item has no new image, and the image of an item without an event has none.
	if raw := r.Change.NewImage.Event; len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return e, false, nil
	}
	var now, before attribute
	if err := json.Unmarshal(r.Change.NewImage.Event, &now); err != nil {
		return e, false, err
	}
	// An old image that cannot be read was reported when it was the new one.
	if json.Unmarshal(r.Change.OldImage.Event, &before) == nil && before.M.ID.S == now.M.ID.S && now.M.ID.S != "" {
		return e, false, nil
	}
	e, err = now.envelope()
	return e, err == nil, err
}

// envelope is the event as it travels. An event without id, type or data was not written by this package.
func (a attribute) envelope() (Envelope, error) {
	if a.M.ID.S == "" || a.M.Type.S == "" || a.M.Data.S == "" {
		return Envelope{}, errors.New("the attribute event has no id, type or data")
	}
	at, err := time.Parse(time.RFC3339Nano, a.M.Time.S)
	if err != nil {
		return Envelope{}, fmt.Errorf("event %s: %w", a.M.ID.S, err)
	}
	e := Event{ID: a.M.ID.S, Type: a.M.Type.S, Time: at, CorrelationID: a.M.CorrelationID.S, Data: a.M.Data.S}
	return e.Envelope(), nil
}
