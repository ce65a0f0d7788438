// Command infra is the CDK app: it reads the topology and the context and writes the CloudFormation templates.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"dangol/infra/stacks"
	"dangol/infra/topology"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	if err := build(app, topology.Dangol); err != nil {
		fmt.Fprintln(os.Stderr, "infra:", err)
		os.Exit(1)
	}
	app.Synth(nil)
}

// build adds stacks and checks to the app. The exceptions are attached before the checks run.
func build(app awscdk.App, system topology.System) error {
	config, err := stacks.FromContext(app)
	if err != nil {
		return err
	}
	if err := config.Built(system); err != nil {
		return err
	}
	stacks.Suppress(stacks.Build(app, config, system))
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true)}), nil)
	return nil
}
