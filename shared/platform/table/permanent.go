package table

import (
	"errors"

	"github.com/aws/smithy-go"
)

// permanentCodes are DynamoDB's answers to a write that it will refuse for ever: an item over 400 KB, a transaction
// over 4 MB, a key over its limit. "ValidationError" is the same as the reason of one write in a transaction.
var permanentCodes = map[string]bool{
	"ValidationException": true, "ValidationError": true,
	"ItemCollectionSizeLimitExceeded": true, "ItemCollectionSizeLimitExceededException": true,
}

// Permanent reports whether an error of this package says that the same write can never succeed. A failed condition, a
// conflict, throttling and a missing permission are not permanent.
func Permanent(err error) bool {
	// In a transaction the reasons of the single writes say more than the error as a whole.
	if canceled, ok := Refused(err); ok {
		for _, r := range canceled.Reasons {
			if permanentCodes[r.Code] {
				return true
			}
		}
		return false
	}
	var api smithy.APIError
	return errors.As(err, &api) && permanentCodes[api.ErrorCode()]
}
