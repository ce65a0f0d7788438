package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

// StreamBatch is a DynamoDB stream event, of which only keys and sequence numbers are decoded. Images are large: the
// attribute "event" and single numbers are decoded when they are asked for.
type StreamBatch struct {
	Records []StreamRecord `json:"Records"`
}

// StreamRecord is one change of one item.
type StreamRecord struct {
	ID     string `json:"eventID"` // of the change, the same each time it is delivered
	Change struct {
		Keys struct {
			PK text `json:"pk"`
			SK text `json:"sk"`
		} `json:"Keys"`
		NewImage       image   `json:"NewImage"`
		OldImage       image   `json:"OldImage"`
		SequenceNumber string  `json:"SequenceNumber"`
		At             float64 `json:"ApproximateCreationDateTime"` // Unix seconds
	} `json:"dynamodb"`
}

// image is an item's attributes, undecoded, so that an event that makes no sense spoils its own record and not the
// batch.
type image json.RawMessage

// UnmarshalJSON keeps the bytes. Lambda's decoder uses its buffer again, so they are copied.
func (i *image) UnmarshalJSON(raw []byte) error {
	*i = bytes.Clone(raw)
	return nil
}

// event is the attribute "event", undecoded; nil when there is none.
func (i image) event() json.RawMessage {
	var attributes struct {
		Event json.RawMessage `json:"event"`
	}
	// The batch was valid JSON, so this fails only for an image that is no object; it has no event then.
	if len(i) == 0 || json.Unmarshal(i, &attributes) != nil || bytes.Equal(attributes.Event, []byte("null")) {
		return nil
	}
	return attributes.Event
}

// number is a whole number in the image; ok is false when it is missing or no whole number.
func (i image) number(name string) (n int, ok bool) {
	var attributes map[string]json.RawMessage
	var value struct {
		N string `json:"N"`
	}
	if len(i) == 0 || json.Unmarshal(i, &attributes) != nil || json.Unmarshal(attributes[name], &value) != nil {
		return 0, false
	}
	n, err := strconv.Atoi(value.N)
	return n, err == nil
}

// text is a string attribute. What an event is about may be stored compressed, in a binary attribute.
type text struct {
	S string `json:"S"`
	B []byte `json:"B"`
}

// plain is the text, decompressed where it was stored so. Errors: an unknown format.
func (t text) plain() (out table.Text, err error) {
	if t.B == nil {
		return table.Text(t.S), nil
	}
	return out, out.Decompress(t.B)
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

// Key is the key of the changed item.
func (r StreamRecord) Key() table.Key {
	return table.Key{PK: r.Change.Keys.PK.S, SK: r.Change.Keys.SK.S}
}

// Numbers are a whole number of the item before and after the change; ok is false when either is missing.
func (r StreamRecord) Numbers(name string) (before, after int, ok bool) {
	before, was := r.Change.OldImage.number(name)
	after, is := r.Change.NewImage.number(name)
	return before, after, was && is
}

// Number is a whole number of the item after the change, 0 when it is missing.
func (r StreamRecord) Number(name string) int {
	n, _ := r.Change.NewImage.number(name)
	return n
}

// Derived makes an event of a change that carries none: of what the change did to the item. It has the same id each
// time the change is delivered, and no correlation id.
func (r StreamRecord) Derived(body Body) (Envelope, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return Envelope{}, fmt.Errorf("event %s: %w", body.EventType(), err)
	}
	at := time.UnixMilli(int64(r.Change.At * 1000)).UTC()
	e := Event{ID: id.Derived("evt", at, r.ID), Type: body.EventType(), Time: at, Data: table.Text(data)}
	return e.Envelope(), nil
}

// Envelope is the event that the change wrote. ok is false when the item has no event, or has the one that it had
// before. Errors: an event that package event did not write.
func (r StreamRecord) Envelope() (e Envelope, ok bool, err error) {
	// A removed item has no new image, and the image of an item without an event has none.
	raw := r.Change.NewImage.event()
	if raw == nil {
		return e, false, nil
	}
	var now, before attribute
	if err := json.Unmarshal(raw, &now); err != nil {
		return e, false, err
	}
	// An old image that cannot be read was reported when it was the new one.
	if json.Unmarshal(r.Change.OldImage.event(), &before) == nil && before.M.ID.S == now.M.ID.S && now.M.ID.S != "" {
		return e, false, nil
	}
	e, err = now.envelope()
	return e, err == nil, err
}

// envelope is the event as it travels. An event without id, type or data was not written by this package.
func (a attribute) envelope() (Envelope, error) {
	data, err := a.M.Data.plain()
	if err != nil {
		return Envelope{}, fmt.Errorf("event %s: %w", a.M.ID.S, err)
	}
	if a.M.ID.S == "" || a.M.Type.S == "" || data == "" {
		return Envelope{}, errors.New("the attribute event has no id, type or data")
	}
	at, err := time.Parse(time.RFC3339Nano, a.M.Time.S)
	if err != nil {
		return Envelope{}, fmt.Errorf("event %s: %w", a.M.ID.S, err)
	}
	e := Event{ID: a.M.ID.S, Type: a.M.Type.S, Time: at, CorrelationID: a.M.CorrelationID.S, Data: data}
	return e.Envelope(), nil
}
