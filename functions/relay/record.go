package relay

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"dangol/shared/platform/event"
	"dangol/shared/stock"
)

// entryOf makes the bus entry of a record. ok is false when the record has no event, or the one the item had before,
// and is no change of a stock level either.
func entryOf(r event.StreamRecord, bus string) (e entry, ok bool, err error) {
	envelope, ok, err := r.Envelope()
	if err == nil && !ok {
		envelope, ok, err = stock.LevelChange(r)
	}
	if err != nil || !ok {
		return e, false, err
	}
	detail, err := json.Marshal(envelope)
	if err != nil {
		return e, false, fmt.Errorf("event %s: %w", envelope.ID, err)
	}
	e = entry{item: r.Item(), at: envelope.Time, put: types.PutEventsRequestEntry{
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
