package documents_test

import (
	"testing"

	"dangol/functions/documents"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	system.Check(t, system.Function{
		Spec: documents.Spec(),
		Routes: system.Routes{
			"getReturnLabel": {Needs: bookedReturn, Owned: true, Operators: true},
			"getPackingSlip": {Needs: system.OwnOrder},
			"getPickList":    {},
		},
	})
}
