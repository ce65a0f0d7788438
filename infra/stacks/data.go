package stacks

import (
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"

	"dangol/infra/topology"
	"dangol/shared/mail/texts"
	"dangol/shared/platform/table"
)

// Data is the stack that must never be lost: tables, accounts, files. It changes rarely and depends
// on nothing.
type Data struct {
	awscdk.Stack
	Tables    map[string]awsdynamodb.TableV2
	Issuer    string       // who signs access tokens
	ChatFiles awss3.Bucket // attachments of conversations
	// InboundMail is where SES stores the mails that the shop receives.
	InboundMail awss3.Bucket
	// Clients are the client ids whose tokens are accepted.
	Clients []*string
	// LoginURL is the log-in page, StorefrontClient the client id of pages for shoppers, and ConsoleClient that of the
	// operators' pages; nil with another issuer.
	LoginURL, StorefrontClient, ConsoleClient *string
	Media                                     Media
	// Functions are those that the user pool invokes; none with another issuer. They stand here, because the pool names
	// them and must not depend on another stack.
	Functions map[string]awslambda.Function
}

// newData makes tables, the user pool (unless an issuer is configured) and the bucket.
func newData(app awscdk.App, props *awscdk.StackProps, c Config, s topology.System) *Data {
	d := &Data{Stack: awscdk.NewStack(app, props.StackName, props), Tables: map[string]awsdynamodb.TableV2{},
		Functions: map[string]awslambda.Function{}}
	for _, schema := range s.Tables {
		d.Tables[schema.Name] = d.table(c, schema)
	}
	d.ChatFiles = newChatFiles(d.Stack, c)
	d.InboundMail = newInboundMail(d.Stack, c)
	d.Media = newMedia(d.Stack, c)
	d.output("MediaBucket", "Photos and videos of reviews", d.Media.Bucket.BucketName())
	d.output("ChatBucket", "Attachments of conversations", d.ChatFiles.BucketName())
	d.output("InboundBucket", "Mails that the shop received", d.InboundMail.BucketName())
	if c.Issuer != "" {
		d.Issuer, d.Clients = c.Issuer, *strs(c.Audience...)
		return d
	}
	pool := d.pool(c)
	for _, f := range s.Functions {
		if f.AccountMessages {
			d.Functions[f.Name] = newFunction(d.Stack, c, f, d.Tables, environment(f, variables(c, d)))
			// The trigger brings the permission for this pool alone to invoke it.
			pool.AddTrigger(awscognito.UserPoolOperation_CUSTOM_MESSAGE(), d.Functions[f.Name],
				awscognito.LambdaVersion_V1_0)
		}
	}
	return d
}

// table makes one table from its schema. On demand, because a shop's load has peaks that nobody
// provisions for.
func (d *Data) table(c Config, schema table.Schema) awsdynamodb.TableV2 {
	props := &awsdynamodb.TablePropsV2{
		PartitionKey:        attribute(table.HashKey, awsdynamodb.AttributeType_STRING),
		SortKey:             attribute(table.SortKey, awsdynamodb.AttributeType_STRING),
		Billing:             awsdynamodb.Billing_OnDemand(nil),
		Encryption:          awsdynamodb.TableEncryptionV2_AwsManagedKey(),
		TimeToLiveAttribute: str(table.TTLAttribute), RemovalPolicy: c.removal(),
		DeletionProtection: yes(c.Stage.Protected),
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: yes(true),
		},
	}
	var warm *awsdynamodb.WarmThroughput
	if c.Stage.WarmReads > 0 {
		warm = &awsdynamodb.WarmThroughput{
			ReadUnitsPerSecond: num(c.Stage.WarmReads), WriteUnitsPerSecond: num(c.Stage.WarmWrites),
		}
	}
	props.WarmThroughput = warm
	if schema.Stream {
		// New and old images: consumers compare the two to see what changed.
		props.DynamoStream = awsdynamodb.StreamViewType_NEW_AND_OLD_IMAGES
	}
	var indexes []*awsdynamodb.GlobalSecondaryIndexPropsV2
	for _, index := range schema.Indexes {
		sort := awsdynamodb.AttributeType_STRING
		if index.SortNumber {
			sort = awsdynamodb.AttributeType_NUMBER
		}
		indexes = append(indexes, &awsdynamodb.GlobalSecondaryIndexPropsV2{
			IndexName: str(index.Name), PartitionKey: attribute(index.Hash, awsdynamodb.AttributeType_STRING),
			// Only the named attributes are copied, because an index costs for every byte it
			// repeats.
			SortKey: attribute(index.Sort, sort), ProjectionType: awsdynamodb.ProjectionType_INCLUDE,
			NonKeyAttributes: strs(index.Projected...),
			// An index has a warm throughput of its own, and writes that it cannot take are refused by the table.
			WarmThroughput: warm,
		})
	}
	props.GlobalSecondaryIndexes = &indexes
	return awsdynamodb.NewTableV2(d.Stack, str(schema.Name), props)
}

// attribute is a key attribute.
func attribute(name string, t awsdynamodb.AttributeType) *awsdynamodb.Attribute {
	return &awsdynamodb.Attribute{Name: str(name), Type: t}
}

// pool makes a Cognito user pool with the groups and scopes that the routes ask for. The
// storefront's client gets the customer scope only; the operators' client may ask for all.
func (d *Data) pool(c Config) awscognito.UserPool {
	pool := awscognito.NewUserPool(d.Stack, str("Customers"), &awscognito.UserPoolProps{
		SignInAliases: &awscognito.SignInAliases{Email: yes(true)}, SelfSignUpEnabled: yes(true),
		// One account per address, however it is typed.
		SignInCaseSensitive: yes(false), AccountRecovery: awscognito.AccountRecovery_EMAIL_ONLY,
		FeaturePlan: awscognito.FeaturePlan_ESSENTIALS, Mfa: awscognito.Mfa_OPTIONAL,
		MfaSecondFactor: &awscognito.MfaSecondFactor{Otp: yes(true), Sms: yes(false)},
		PasswordPolicy: &awscognito.PasswordPolicy{
			MinLength: num(10), RequireDigits: yes(true), RequireLowercase: yes(true), RequireUppercase: yes(true),
			RequireSymbols: yes(true), TempPasswordValidity: awscdk.Duration_Days(num(7)), // as the invitation says
		},
		RemovalPolicy: c.removal(), DeletionProtection: yes(c.Stage.Protected), Email: accountMail(c),
		UserVerification: &awscognito.UserVerificationConfig{
			EmailStyle:   awscognito.VerificationEmailStyle_CODE,
			EmailSubject: str(accountText(c, "code.subject", " / ")), EmailBody: str(accountText(c, "code.text", "<br><br>")),
		},
		UserInvitation: &awscognito.UserInvitationConfig{
			EmailSubject: str(accountText(c, "invite.subject", " / ")),
			EmailBody:    str(accountText(c, "invite.text", "<br><br>") + "<br><br>{####}"),
		},
	})
	for _, group := range []string{"merchant", "agent"} {
		awscognito.NewCfnUserPoolGroup(d.Stack, str("Group-"+group), &awscognito.CfnUserPoolGroupProps{
			UserPoolId: pool.UserPoolId(), GroupName: str(group),
		})
	}
	scopes := map[string]awscognito.ResourceServerScope{}
	var all []awscognito.ResourceServerScope
	for _, name := range []string{"customer", "agent", "merchant"} {
		scopes[name] = awscognito.NewResourceServerScope(&awscognito.ResourceServerScopeProps{
			ScopeName: str(name), ScopeDescription: str("Call the shop as a " + name),
		})
		all = append(all, scopes[name])
	}
	server := pool.AddResourceServer(str("Shop"), &awscognito.UserPoolResourceServerOptions{
		Identifier: str("shop"), Scopes: &all,
	})
	// The page is where a log-in returns to, and a log-out.
	client := func(name string, more []awscognito.OAuthScope, page string, callbacks []string, names ...string) {
		allowed := append([]awscognito.OAuthScope{awscognito.OAuthScope_OPENID(), awscognito.OAuthScope_EMAIL()}, more...)
		for _, n := range names {
			allowed = append(allowed, awscognito.OAuthScope_ResourceServer(server, scopes[n]))
		}
		added := pool.AddClient(str(name), &awscognito.UserPoolClientOptions{
			// The same answer for unknown users and wrong passwords, so that nobody can test who is
			// a customer.
			PreventUserExistenceErrors: yes(true), EnableTokenRevocation: yes(true),
			OAuth: &awscognito.OAuthSettings{
				Flows: &awscognito.OAuthFlows{AuthorizationCodeGrant: yes(true)}, Scopes: &allowed,
				CallbackUrls: strs(append(slices.Clone(callbacks), page)...),
				LogoutUrls:   strs(append(slices.Clone(c.LogoutURL), page)...),
			},
		})
		d.Clients = append(d.Clients, added.UserPoolClientId())
		d.output(name+"Client", "Client id for the log-in of the "+strings.ToLower(name), added.UserPoolClientId())
	}
	login := pool.AddDomain(str("Login"), &awscognito.UserPoolDomainOptions{
		// Prefixes are unique in a region over all accounts, so the account's number is part of it.
		CognitoDomain: &awscognito.CognitoDomainOptions{
			DomainPrefix: str("dangol-" + c.Stage.Name + "-" + *awscdk.Aws_ACCOUNT_ID())},
	})
	// Both return to the storefront's own pages, and to those that functions/pages serves.
	client("Storefront", nil, c.LinkBase+payPage, c.CallbackURL, "customer")
	d.StorefrontClient = d.Clients[len(d.Clients)-1]
	// With the scope of Cognito's own user API an operator's token may set up a one-time password (AssociateSoftwareToken,
	// VerifySoftwareToken, SetUserMFAPreference), see docs/deploy.md.
	// The importer returns to a port of the merchant's machine (RFC 8252); Cognito allows http for localhost only.
	client("Console", []awscognito.OAuthScope{awscognito.OAuthScope_COGNITO_ADMIN()}, c.LinkBase+agentsPage,
		append(slices.Clone(c.CallbackURL), importerReturn), "customer", "agent", "merchant")
	d.Issuer = *pool.UserPoolProviderUrl()
	d.output("Pool", "User pool of customers and operators", pool.UserPoolId())
	d.output("Issuer", "Issuer of access tokens", pool.UserPoolProviderUrl())
	d.LoginURL, d.ConsoleClient = login.BaseUrl(nil), d.Clients[len(d.Clients)-1]
	d.output("LoginUrl", "Log-in page", d.LoginURL)
	return pool
}

// importerReturn is where the log-in page returns to for functions/products/importer.
const importerReturn = "http://localhost:8976/callback"

// output shows a value after the deployment.
func (d *Data) output(name, what string, value *string) {
	awscdk.NewCfnOutput(d.Stack, str(name), &awscdk.CfnOutputProps{Value: value, Description: str(what)})
}

// accountMail is the sender of mails about accounts: Cognito itself, or SES with the shop's
// address.
func accountMail(c Config) awscognito.UserPoolEmail {
	if !c.AccountMail {
		return awscognito.UserPoolEmail_WithCognito(nil)
	}
	_, domain, _ := strings.Cut(c.MailFrom, "@")
	return awscognito.UserPoolEmail_WithSES(&awscognito.UserPoolSESOptions{
		FromEmail: str(c.MailFrom), FromName: str(c.ShopName), ReplyTo: str(c.ShopContact), SesVerifiedDomain: str(domain),
		SesRegion: awscdk.Aws_REGION(), // the stack's own, which the templates leave open
	})
}

// accountText is a text of the mails about accounts in every language of the shop, one after the other. The pool sends
// it when the custom message trigger (functions/account-messages) leaves a mail unanswered. Cognito fills in {####} and
// {username} itself.
func accountText(c Config, key, between string) string {
	all := make([]string, len(texts.Languages))
	for i, language := range texts.Languages {
		catalog, err := texts.Of(language)
		if err != nil {
			panic(err)
		}
		text, err := catalog.Text("account."+key, "shop", c.ShopName, "code", "{####}", "username", "{username}")
		if err != nil {
			panic(err) // a test keeps the texts whole
		}
		all[i] = text
	}
	return strings.Join(all, between)
}

// The pages of functions/pages that log somebody in; a log-in returns to them.
const (
	payPage    = "/console/pay/index.html"
	agentsPage = "/console/chat/index.html"
)
