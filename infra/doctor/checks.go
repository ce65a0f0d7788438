package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The versions that the README asks for.
const (
	goMinor   = 26 // of 1.x
	nodeMajor = 20
)

// enoughConcurrency is how many instances a shop needs at once on a busy day. New accounts have 10, and everything
// shares them: one crawler then keeps shoppers from paying.
const enoughConcurrency = 100

// doctor looks at a machine and an AWS account through commands, so that tests can answer for them.
type doctor struct {
	run      func(ctx context.Context, name string, args ...string) (string, error)
	find     func() (string, error) // the DynamoDB engine of this machine
	endpoint string                 // DYNAMODB_ENDPOINT
	stage    string
	mail     string
}

// check is one thing to look at, and what to do when it is not as it has to be.
type check struct {
	name     string
	look     func(ctx context.Context) (found string, err error)
	mend     string
	optional bool // the shop can be deployed without it
}

// machine are the checks that need no account.
func (d doctor) machine() []check {
	return []check{
		{name: "Go", mend: "install Go 1.26 or later from https://go.dev/dl",
			look: d.version(`go1\.(\d+)`, goMinor, "go", "version")},
		{name: "Node", mend: "install Node 20 or later from https://nodejs.org",
			look: d.version(`v(\d+)`, nodeMajor, "node", "--version")},
		{name: "AWS CLI", mend: "install it: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
			look: d.version(`aws-cli/(\d+)`, 2, "aws", "--version")},
		{name: "DynamoDB engine for make run", optional: true,
			mend: "start DynamoDB Local and set DYNAMODB_ENDPOINT=http://localhost:8000",
			look: d.engine},
	}
}

// version checks the version that a command prints: the first number that the pattern finds, at
// least this.
func (d doctor) version(pattern string, least int, name string, args ...string) func(context.Context) (string, error) {
	number := regexp.MustCompile(pattern)
	return func(ctx context.Context) (string, error) {
		said, err := d.run(ctx, name, args...)
		if err != nil {
			return "", err
		}
		found := number.FindStringSubmatch(said)
		if found == nil {
			return "", fmt.Errorf("%q is no version", said)
		}
		if n, err := strconv.Atoi(found[1]); err != nil || n < least {
			return "", fmt.Errorf("%s is too old", found[0])
		}
		return found[0], nil
	}
}

// engine is the DynamoDB engine that make run would use.
func (d doctor) engine(context.Context) (string, error) {
	if d.endpoint != "" {
		return d.endpoint, nil
	}
	return d.find()
}

// credentials is checked first: all other checks of the account need it.
func (d doctor) credentials() check {
	return check{name: "credentials", mend: "run `aws configure sso` or set AWS_PROFILE, and set AWS_REGION",
		look: func(ctx context.Context) (string, error) {
			return d.run(ctx, "aws", "sts", "get-caller-identity", "--query", "Account", "--output", "text")
		}}
}

// account are the checks of what a deployment needs in the account. It reads only the type of a
// secret and never its value.
func (d doctor) account() []check {
	secret := func(name string) check {
		path := "/dangol/" + d.stage + "/payments/" + name
		// A note: the webhook's secret exists only once the API has an address, and functions read both with their first
		// call to the payment provider.
		return check{name: "secret " + name, optional: true,
			mend: "before the first payment: aws ssm put-parameter --type SecureString --name " + path + " --value …",
			look: func(ctx context.Context) (string, error) {
				return d.run(ctx, "aws", "ssm", "get-parameter", "--name", path, "--query", "Parameter.Type", "--output", "text")
			}}
	}
	return []check{
		{name: "CDK bootstrap", mend: "make synth && node_modules/.bin/cdk bootstrap",
			look: func(ctx context.Context) (string, error) {
				return d.run(ctx, "aws", "ssm", "get-parameter", "--name", "/cdk-bootstrap/hnb659fds/version",
					"--query", "Parameter.Value", "--output", "text")
			}},
		secret("STRIPE_KEY"),
		secret("STRIPE_WEBHOOK_SECRET"),
		{name: "SES production access", optional: true, look: d.sandbox,
			mend: "the account is in SES's sandbox and writes to verified addresses only: ask for production access in the " +
				"SES console"},
		{name: "SES sender", optional: true, look: d.sender,
			mend: "aws sesv2 create-email-identity --email-identity <domain>, then put its DKIM records into DNS"},
		{name: "Lambda concurrency", optional: true, look: d.concurrency,
			mend: "raise the quota \"Concurrent executions\" of AWS Lambda to 1,000 in the Service Quotas console; new " +
				"accounts have 10"},
	}
}

// sandbox is SES's own word for an account that may write to verified addresses only.
func (d doctor) sandbox(ctx context.Context) (string, error) {
	said, err := d.run(ctx, "aws", "sesv2", "get-account", "--query", "ProductionAccessEnabled", "--output", "text")
	if err == nil && !strings.EqualFold(said, "true") {
		err = errors.New("not granted")
	}
	return said, err
}

// sender looks up whether the domain of the sender is verified.
func (d doctor) sender(ctx context.Context) (string, error) {
	_, domain, ok := strings.Cut(d.mail, "@")
	if !ok {
		return "", errors.New("not looked up: run make doctor MAIL=hello@shop.example.com")
	}
	said, err := d.run(ctx, "aws", "sesv2", "get-email-identity", "--email-identity", domain,
		"--query", "VerifiedForSendingStatus", "--output", "text")
	if err == nil && !strings.EqualFold(said, "true") {
		err = fmt.Errorf("%s is not verified", domain)
	}
	return domain, err
}

// concurrency is how many function instances the account may run at once.
func (d doctor) concurrency(ctx context.Context) (string, error) {
	said, err := d.run(ctx, "aws", "lambda", "get-account-settings", "--query", "AccountLimit.ConcurrentExecutions",
		"--output", "text")
	if err != nil {
		return "", err
	}
	if n, err := strconv.Atoi(said); err != nil || n < enoughConcurrency {
		return "", fmt.Errorf("%s instances at once", said)
	}
	return said, nil
}
