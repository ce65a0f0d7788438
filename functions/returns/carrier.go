package returns

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"dangol/shared/address"
	"dangol/shared/order"
	"dangol/shared/rma"
)

// Carrier books the way back of goods.
type Carrier interface {
	// Book books a label, or a pickup. The same reference is booked once: a repetition gets the same answer.
	Book(ctx context.Context, b Booking) (rma.Shipment, error)
}

// Booking is a parcel that comes back.
type Booking struct {
	Reference  string // see bookingReference
	From       address.Address
	Pickup     bool
	PickupFrom time.Time
}

// SandboxCarrier answers like a carrier without one: tracking numbers are made of the reference, so that a repetition
// has the same.
type SandboxCarrier struct{}

// Book implements Carrier.
func (SandboxCarrier) Book(_ context.Context, b Booking) (rma.Shipment, error) {
	// Digits only, like the numbers of the carrier that it stands for.
	sum := sha256.Sum256([]byte(b.Reference))
	number := fmt.Sprintf("%012d", binary.BigEndian.Uint64(sum[:8])%1_000_000_000_000)
	return rma.Shipment{
		Carrier: "cj", TrackingNumber: number, TrackingURL: order.TrackingURL("cj", number), PickupFrom: b.PickupFrom,
		Reference: "sandbox-" + number,
	}, nil
}
