package apidocs_test

import (
	"testing"

	apidocs "dangol/functions/api-docs"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	system.Check(t, system.Function{Spec: apidocs.Spec(),
		Routes: system.Routes{"getOpenAPI": {}, "getDocs": {}, "getDocsScript": {MayBeAbsent: true}, "getGuide": {},
			"getProblemCodes": {}}})
}
