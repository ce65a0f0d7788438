package returns

import (
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
)

// Bounds of what is asked for, as the tags of the requests say; the rules hold to them too.
const (
	maxReason     = 500  // characters
	maxComment    = 1000 // characters
	maxParts      = 200  // lines of a refund
	maxPartUnits  = 100_000
	maxAddedLines = 50
	maxAddedUnits = 1000
	maxToken      = 200
	maxReturnURL  = 500
)

// checkCard requires a token of a card as the provider gave it, and an address that the bank may send the shopper back
// to, if there is one. Errors: 422 at /paymentMethod and /returnUrl.
func checkCard(token, returnURL string) error {
	var wrong problem.Fields
	wrong.Text(token, 1, maxToken, "/paymentMethod")
	_, err := format.Token("/paymentMethod", token)
	wrong.Note(err)
	if returnURL != "" {
		wrong.Text(returnURL, 0, maxReturnURL, "/returnUrl")
		_, err := format.URL("/returnUrl", returnURL)
		wrong.Note(err)
	}
	return wrong.Err()
}
