package runner

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"dangol/infra/local/issuer"
	"dangol/infra/local/tables"
)

// customMessage is the custom message trigger of the issuer: the function that says it is one, nil without any.
func (r *Runner) customMessage() func(context.Context, issuer.CustomMessage) (issuer.CustomMessage, error) {
	for _, f := range r.options.System.Functions {
		if !f.AccountMessages {
			continue
		}
		return func(ctx context.Context, e issuer.CustomMessage) (answered issuer.CustomMessage, err error) {
			payload, err := json.Marshal(e)
			if err != nil {
				return e, err
			}
			out, err := r.invoke(ctx, f.Name, payload)
			if err != nil {
				return e, err
			}
			if err := json.Unmarshal(out, &answered); err != nil {
				return e, fmt.Errorf("the answer of %s: %w", f.Name, err)
			}
			return answered, nil
		}
	}
	return nil
}

// accountMail sends a mail about an account as a user pool does: from the shop's sender, HTML only, and without the
// shop's configuration set.
func (r *Runner) accountMail(ctx context.Context, to, subject, html string) error {
	client := sesv2.New(sesv2.Options{
		Region: tables.Region, Credentials: localCredentials{}, BaseEndpoint: aws.String(r.address + "/aws/ses"),
	})
	_, err := client.SendEmail(ctx, &sesv2.SendEmailInput{
		FromEmailAddress: aws.String(mailFrom), Destination: &types.Destination{ToAddresses: []string{to}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Data: &subject}, Body: &types.Body{Html: &types.Content{Data: &html}},
		}},
	})
	return err
}
