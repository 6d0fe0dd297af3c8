"""The lines of the route table for surveys (hub.web.api.table)."""

from hub.model.people import Scope
from hub.web.api import surveys
from hub.web.api.operations import Operation

_READ, _WRITE = (Scope.READ,), (Scope.WRITE,)

SURVEYS: tuple[Operation, ...] = (
    Operation(
        name="listSurveys",
        method="GET",
        path="/surveys",
        scopes=_READ,
        summary="Surveys and what they ask",
        summary_zh="满意度调查及其内容",
        handler=surveys.get_surveys,
        answers={200: surveys.SurveyList},
    ),
    Operation(
        name="getSurveyReport",
        method="GET",
        path="/surveys/report",
        scopes=_READ,
        summary="Scores by agent, queue, channel, survey, tag, field or period",
        summary_zh="按客服、队列、渠道、调查、标签、字段或周期统计的得分",
        description="Of those who were asked in this time, whenever they answered. A product is a field of tickets or a tag.",
        handler=surveys.get_report,
        query=surveys.SurveyReportQuery,
        answers={200: surveys.SurveyReport},
    ),
    Operation(
        name="listSurveyAnswers",
        method="GET",
        path="/surveys/answers",
        scopes=_READ,
        summary="What customers answered, newest first",
        summary_zh="客户的评价，最新的在前",
        handler=surveys.get_answers,
        query=surveys.SurveyAnswersQuery,
        answers={200: surveys.SurveyAnswerPage},
    ),
    Operation(
        name="listTicketSurveys",
        method="GET",
        path="/tickets/{number}/surveys",
        scopes=_READ,
        summary="What the customer was asked about a ticket",
        summary_zh="某工单的评价邀请与回答",
        handler=surveys.get_of_ticket,
        answers={200: surveys.SurveyInvitations},
    ),
    Operation(
        name="postTicketSurvey",
        method="POST",
        path="/tickets/{number}/surveys",
        scopes=_WRITE,
        summary="Ask the customer of a resolved ticket now",
        summary_zh="立即邀请已解决工单的客户评价",
        description="By the survey that fits, without its wait. Refused where the customer was asked already or not long ago, "
        "does not want to be asked, or cannot be.",
        handler=surveys.post_of_ticket,
        idempotent=True,
        answers={202: surveys.SurveyInvited},
    ),
)
