package order

import "dangol/shared/platform/problem"

// Bounds of the texts of an order, in characters. An order is one item with its event, and everything in it is bounded.
const (
	maxReason   = 500 // of a cancellation, a hold, a refund
	maxNote     = 1000
	maxCarrier  = 40
	maxTracking = 60
	maxURL      = 500
)

// checkParcel holds what is said of a parcel against its bounds. Errors: 422 invalid_input.
func checkParcel(carrier, number, url string) error {
	var f problem.Fields
	f.Text(carrier, 1, maxCarrier, "/carrier")
	f.Text(number, 0, maxTracking, "/trackingNumber")
	f.Text(url, 0, maxURL, "/trackingUrl")
	return f.Err()
}
