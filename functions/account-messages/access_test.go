package accountmessages_test

import (
	"testing"

	accountmessages "dangol/functions/account-messages"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	system.Check(t, system.Function{Spec: accountmessages.Spec(), Journey: func(s *system.Shop) {
		s.Do(system.Guest, "POST", "/dev/account-mail", `{"trigger":"ForgotPassword","email":"ann@example.com"}`)
	}})
}
