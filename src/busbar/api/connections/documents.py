"""Documents handed in, pictures of the survey, papers issued."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import FileResponse, HttpRequest
from ninja import Body, File, Form, Router, Schema
from ninja.files import UploadedFile
from pydantic.json_schema import WithJsonSchema

from busbar.access.permissions import Permission
from busbar.api.files import DOWNLOAD, read_upload, send_file
from busbar.api.paging import Text, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import Id, Moment, Sent, Sentence, Short, in_reach, now
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    ApplicationDocument,
    DocumentPhase,
    DocumentVerdict,
    IssuedPaper,
    PaperKind,
    ReceiptMeans,
    SiteSurvey,
    SurveyPhoto,
    SurveyState,
)
from busbar.connections.operations.survey import MAX_PHOTO_BYTES
from busbar.connections.queries import DocumentLine

of_application = Router()
documents = Router()
surveys = Router()
photos = Router()
papers = Router()


class DocumentOut(Schema):
    """申请资料: one file handed in."""

    id: int
    phase: DocumentPhase
    title: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    uploaded_at: dt.datetime
    uploaded_by: str
    verdict: DocumentVerdict
    verdict_reason: str
    judged_at: dt.datetime | None
    judged_by: str


class RequirementLineOut(Schema):
    """A document asked for, and the latest file handed in for it."""

    code: str
    name: str
    note: str
    is_required: bool
    article: str
    source: str
    certainty: str
    state: str
    document: DocumentOut | None


class DocumentListOut(Schema):
    """The list of a phase; `is_complete` says whether nothing stands in the way."""

    phase: DocumentPhase
    is_complete: bool
    lines: list[RequirementLineOut]
    extras: list[DocumentOut]


class DocumentForm(Schema):
    """Which requirement of which phase the file answers; a title where it answers none."""

    requirement: Short = ""
    phase: DocumentPhase = DocumentPhase.APPLICATION
    title: Short = ""


class PhotoForm(Schema):
    """What a picture shows, and when it was taken."""

    caption: Short = ""
    taken_at: Annotated[
        Moment | None, WithJsonSchema({"type": "string", "format": "date-time"})
    ] = None


class VerdictIn(Sent):
    """Good, or not and why."""

    verdict: Literal["accepted", "rejected"]
    reason: Sentence = ""


class ParticipantOut(Schema):
    """Who came, from where, and what the department says."""

    unit_name: str
    name: str
    attended: bool
    opinion: str

    @staticmethod
    def resolve_unit_name(participant: Any) -> str:
        """Name of the department."""
        return str(participant.unit.name)


class CandidateOut(Schema):
    """A feeder that could supply the site, metres away."""

    feeder_code: str
    distance_m: int
    note: str

    @staticmethod
    def resolve_feeder_code(candidate: Any) -> str:
        """Code of the feeder."""
        return str(candidate.feeder.code)


class PhotoOut(Schema):
    """勘察照片."""

    id: int
    caption: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    taken_at: dt.datetime | None
    uploaded_at: dt.datetime
    uploaded_by: str


class SurveyOut(Schema):
    """现场勘察."""

    id: int
    serial: int
    state: SurveyState
    planned_for: dt.datetime
    organized_by: str
    surveyed_at: dt.datetime | None
    latitude: Decimal | None
    longitude: Decimal | None
    connection_point: str
    verified_kva: int | None
    risks: str
    conclusion: str
    conclusion_note: str
    participants: list[ParticipantOut]
    feeder_candidates: list[CandidateOut]
    photos: list[PhotoOut]

    @staticmethod
    def resolve_participants(survey: SiteSurvey) -> list[Any]:
        """Prefetched."""
        return sorted(survey.participants.all(), key=lambda row: row.pk)

    @staticmethod
    def resolve_feeder_candidates(survey: SiteSurvey) -> list[Any]:
        """Prefetched, the nearest first."""
        return sorted(survey.feeder_candidates.all(), key=lambda row: (row.distance_m, row.pk))

    @staticmethod
    def resolve_photos(survey: SiteSurvey) -> list[Any]:
        """Prefetched."""
        return sorted(survey.photos.all(), key=lambda row: row.pk)


class PaperOut(Schema):
    """制发文书, with its receipt."""

    number: str
    kind: PaperKind
    name: str
    unit_code: str
    issued_at: dt.datetime
    issued_by: str
    size_bytes: int
    sha256: str
    received_at: dt.datetime | None
    received_by: str
    receipt_means: ReceiptMeans | Literal[""]
    revoked_at: dt.datetime | None
    revoked_reason: str

    @staticmethod
    def resolve_name(paper: IssuedPaper) -> str:
        """What kind of paper it is, in words."""
        return str(paper.get_kind_display())

    @staticmethod
    def resolve_unit_code(paper: IssuedPaper) -> str:
        """Code of the unit that issued it."""
        return paper.unit.code


@of_application.get(
    "/{number}/documents", response=answers(DocumentListOut, 404), operation_id="list_documents"
)
def list_documents(
    request: HttpRequest, number: Text, phase: DocumentPhase = DocumentPhase.APPLICATION
) -> dict[str, Any]:
    """一份申请在某阶段的资料清单：要求什么、交了什么、审核结果。"""
    application = connections_queries.get_application(viewer_of(request), number)
    found = connections_queries.get_document_list(application, phase)
    return {
        "phase": phase,
        "is_complete": found.is_complete,
        "lines": [_line(line) for line in found.lines],
        "extras": list(found.extras),
    }


@of_application.post(
    "/{number}/documents",
    response=answers(DocumentOut, 400, 403, 404, 409),
    operation_id="add_document",
)
def add_document(
    request: HttpRequest,
    number: Text,
    file: File[UploadedFile],
    about: Form[DocumentForm],
) -> ApplicationDocument:
    """上传一份资料；不写 `requirement` 即清单外资料，须写 `title`。需“受理业扩申请”权限。

    按内容识别，接受 PDF、图片、Word、Excel 和文本，至多 50 MB。
    """
    viewer = viewer_of(request)
    application = connections_queries.get_application(viewer, number)
    viewer.require(Permission.ACCEPT_APPLICATIONS)
    return connections_operations.add_document(
        application_id=application.pk,
        file=read_upload(file),
        requirement_code=about.requirement,
        phase=about.phase,
        title=about.title,
        by=viewer,
        at=now(),
    )


@documents.post(
    "/{document_id}/verdict",
    response=answers(DocumentOut, 400, 403, 404, 409),
    operation_id="judge_document",
)
def judge_document(
    request: HttpRequest, document_id: Id, asked: Annotated[VerdictIn, Body()]
) -> ApplicationDocument:
    """审核一份资料：合格，或不合格及原因。需“受理业扩申请”权限。"""
    viewer = viewer_of(request)
    connections_queries.get_document(viewer, document_id)
    return connections_operations.judge_document(
        document_id=document_id, verdict=asked.verdict, reason=asked.reason, by=viewer, at=now()
    )


@documents.get(
    "/{document_id}/file",
    response=answers(None, 404),
    operation_id="download_document",
    openapi_extra=DOWNLOAD,
)
def download_document(request: HttpRequest, document_id: Id) -> FileResponse:
    """资料的原文件。"""
    found = connections_queries.get_document(viewer_of(request), document_id)
    return send_file(connections_queries.document_path(found), name=found.file_name)


@of_application.get(
    "/{number}/surveys", response=answers(list[SurveyOut], 404), operation_id="list_surveys"
)
def list_surveys(request: HttpRequest, number: Text) -> list[SiteSurvey]:
    """一份申请的现场勘察：到场部门、候选线路、结论、照片。"""
    viewer = viewer_of(request)
    application = connections_queries.get_application(viewer, number)
    return connections_queries.list_surveys(viewer, application)


@surveys.post(
    "/{survey_id}/photos",
    response=answers(PhotoOut, 400, 403, 404, 409),
    operation_id="add_survey_photo",
)
def add_photo(
    request: HttpRequest,
    survey_id: Id,
    file: File[UploadedFile],
    about: Form[PhotoForm],
) -> SurveyPhoto:
    """上传一张勘察照片：JPEG 或 PNG（按内容识别），至多 10 MB。"""
    viewer = viewer_of(request)
    connections_queries.get_survey(viewer, survey_id)
    if about.taken_at is not None:
        in_reach(about.taken_at, "拍摄时间")
    return connections_operations.add_survey_photo(
        survey_id=survey_id,
        file=read_upload(file, most_bytes=MAX_PHOTO_BYTES),
        caption=about.caption,
        taken_at=about.taken_at,
        by=viewer,
        at=now(),
    )


@photos.get(
    "/{photo_id}/file",
    response=answers(None, 404),
    operation_id="download_survey_photo",
    openapi_extra=DOWNLOAD,
)
def download_photo(request: HttpRequest, photo_id: Id) -> FileResponse:
    """照片的原文件。"""
    found = connections_queries.get_photo(viewer_of(request), photo_id)
    return send_file(connections_queries.photo_path(found), name=found.file_name)


@of_application.get(
    "/{number}/papers", response=answers(list[PaperOut], 404), operation_id="list_papers"
)
def list_papers(request: HttpRequest, number: Text) -> list[IssuedPaper]:
    """一份申请的全部文书及签收情况，先发的在前。"""
    viewer = viewer_of(request)
    application = connections_queries.get_application(viewer, number)
    return connections_queries.list_application_papers(viewer, application)


@papers.get("/{number}", response=answers(PaperOut, 404), operation_id="get_paper")
def get_paper(request: HttpRequest, number: Text) -> IssuedPaper:
    """一份文书。"""
    return connections_queries.get_paper(viewer_of(request), number)


@papers.get(
    "/{number}/file",
    response=answers(None, 404),
    operation_id="download_paper",
    openapi_extra=DOWNLOAD,
)
def download_paper(request: HttpRequest, number: Text) -> FileResponse:
    """文书的 PDF。"""
    paper = connections_queries.get_paper(viewer_of(request), number)
    return send_file(connections_queries.paper_path(paper), name=f"{paper.number}.pdf")


def _line(line: DocumentLine) -> dict[str, Any]:
    names = ("code", "name", "note", "is_required", "article", "source", "certainty")
    plain = {name: getattr(line.requirement, name) for name in names}
    return {**plain, "state": line.state, "document": line.document}
