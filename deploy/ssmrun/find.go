package ssmrun

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
)

// before is how much earlier than the intent a command is looked for: the bot's clock and SSM's may differ.
const before = 15 * time.Minute

// Find looks for the job's token among the comments of the commands that were sent to its instance from 15 minutes
// before since, by ListCommands. "" means that none is to be seen; one that was sent a moment ago may not show yet. Of
// several it is the oldest that can have reached the host: the guard has run that one, and the others answer the same.
func (r *Runner) Find(ctx context.Context, j deploy.Job, since time.Time) (string, error) {
	in := &ssm.ListCommandsInput{
		InstanceId: aws.String(j.Instance),
		Filters: []types.CommandFilter{
			{Key: types.CommandFilterKeyInvokedAfter, Value: aws.String(since.Add(-before).UTC().Format(time.RFC3339))},
			{Key: types.CommandFilterKeyDocumentName, Value: aws.String(document)},
		},
		MaxResults: aws.Int32(50),
	}
	doing := fmt.Sprintf("ListCommands of %s", j.Instance)
	var best *types.Command
	for {
		page, err := awscall.Make(ctx, r.reading(doing), func(ctx context.Context) (*ssm.ListCommandsOutput, error) {
			return r.ssm.ListCommands(ctx, in)
		})
		if err != nil {
			return "", err
		}
		for _, c := range page.Commands {
			if aws.ToString(c.Comment) != j.Token {
				continue
			}
			if aws.ToString(c.CommandId) == "" {
				return "", awscall.Malformed(doing, "a command has no id")
			}
			if best == nil || better(c, *best) {
				best = &c
			}
		}
		if aws.ToString(page.NextToken) == "" {
			break
		}
		in.NextToken = page.NextToken
	}
	if best == nil {
		return "", nil
	}
	return *best.CommandId, nil
}

// better prefers what can have reached the host, then what is older.
func better(a, b types.Command) bool {
	if x, y := lost(aws.ToString(a.StatusDetails)), lost(aws.ToString(b.StatusDetails)); x != y {
		return y
	}
	return aws.ToTime(a.RequestedDateTime).Before(aws.ToTime(b.RequestedDateTime))
}
