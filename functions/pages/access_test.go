package pages_test

import (
	"testing"

	"dangol/functions/pages"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	page := func(*system.Shop) system.Things {
		return system.Things{Fill: system.Fill{"folder": "chat", "file": "index.html"}}
	}
	system.Check(t, system.Function{Spec: pages.Spec(), Routes: system.Routes{
		"getConsoleFile": {Needs: page}, "getConsoleLogin": {},
	}})
}
