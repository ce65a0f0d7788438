package stacks_test

import (
	"strings"
	"testing"
)

func TestMailsAboutAccountsAreInEveryLanguageOfTheShop(t *testing.T) {
	pools := resources(t, synth(t).Data.Stack, "AWS::Cognito::UserPool")
	for id, pool := range pools {
		verification := compact(pool.Properties["VerificationMessageTemplate"])
		for _, want := range []string{"인증 코드", "Your code for", "{####}"} {
			if !strings.Contains(verification, want) {
				t.Errorf("%s: the mail with the code lacks %q: %s", id, want, verification)
			}
		}
		invitation := compact(pool.Properties["AdminCreateUserConfig"])
		for _, want := range []string{"임시 비밀번호", "temporary password", "{####}", "{username}"} {
			if !strings.Contains(invitation, want) {
				t.Errorf("%s: the invitation lacks %q: %s", id, want, invitation)
			}
		}
	}
	if len(pools) != 1 {
		t.Errorf("%d pools", len(pools))
	}
}
