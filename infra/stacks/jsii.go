package stacks

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// str, num, yes and strs make the pointers that the CDK takes for optional values.
func str(s string) *string              { return jsii.String(s) }
func num[N int | float64](n N) *float64 { return jsii.Number(float64(n)) }
func yes(b bool) *bool                  { return jsii.Bool(b) }
func strs(s ...string) *[]*string       { return jsii.Strings(s...) }

func lasting(d time.Duration) awscdk.Duration { return awscdk.Duration_Seconds(num(d.Seconds())) }
