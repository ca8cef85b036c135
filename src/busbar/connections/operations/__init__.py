"""One use case a function, a file for each part of the way; all of them by one name."""

# A table of contents, not code: one name a line would be twice as long as a file may be.
# fmt: off
from busbar.connections.operations.accept import (
    UnableToAcceptApplication,
    UnableToHandOverApplication,
    UnableToRefuseApplication,
    UnableToWithdrawApplication,
    accept_application,
    hand_over_application,
    refuse_application,
    withdraw_application,
)
from busbar.connections.operations.agreement import (
    AgreementTerms,
    UnableToAgree,
    draft_agreement,
    sign_supply_agreement,
)
from busbar.connections.operations.applicant import (
    answer_corrections_as_applicant,
    choose_contractor_as_applicant,
    request_extension_as_applicant,
)
from busbar.connections.operations.approve import (
    UnableToApproveScheme,
    approve_scheme,
    return_scheme,
)
from busbar.connections.operations.archive import UnableToEnterArchive
from busbar.connections.operations.closing import (
    Trainee,
    UnableToCloseApplication,
    UnableToHoldTraining,
    UnableToRegisterSupply,
    close_application,
    record_training,
    register_supply,
)
from busbar.connections.operations.completion import (
    AsBuilt,
    UnableToReportCompletion,
    report_completion,
)
from busbar.connections.operations.contractor_choice import (
    UnableToChooseContractor,
    choose_contractor,
)
from busbar.connections.operations.contractor_register import (
    UnableToKeepContractor,
    grant_qualification,
    register_contractor,
    renew_qualification,
    revoke_qualification,
    strike_off_contractor,
)
from busbar.connections.operations.corrections import (
    FormItem,
    UnableToAmendApplication,
    UnableToAnswerCorrections,
    UnableToRequestCorrections,
    amend_application,
    answer_corrections,
    request_corrections,
)
from busbar.connections.operations.countersign import (
    UnableToCountersign,
    UnableToSubmitScheme,
    find_departments,
    give_opinion,
    submit_scheme,
    take_silence_as_consent,
)
from busbar.connections.operations.design_review import (
    DesignRemark,
    UnableToReviewDesign,
    review_design,
    submit_design,
)
from busbar.connections.operations.design_scheme import (
    DescribedAlternative,
    UnableToChooseAlternative,
    UnableToDesignScheme,
    UnableToGrantException,
    choose_alternative,
    describe_alternatives,
    grant_exception,
    study_alternatives,
)
from busbar.connections.operations.documents import (
    UnableToAddDocument,
    UnableToJudgeDocument,
    add_document,
    judge_document,
)
from busbar.connections.operations.energize import (
    Switching,
    UnableToEnergize,
    abort_energization,
    energize_supply,
)
from busbar.connections.operations.fees import (
    Charge,
    UnableToCancelNotice,
    UnableToDraftNotice,
    UnableToIssueNotice,
    UnableToKeepPayeeAccount,
    cancel_fee_notice,
    close_payee_account,
    draft_fee_notice,
    issue_fee_notice,
    open_payee_account,
)
from busbar.connections.operations.findings import (
    RecheckAnswer,
    UnableToRectify,
    recheck_finding,
    rectify_finding,
)
from busbar.connections.operations.green_channel import (
    UnableToGrantGreenChannel,
    UnableToRefuseGreenChannel,
    UnableToRevokeGreenChannel,
    grant_green_channel,
    refuse_green_channel,
    revoke_green_channel,
)
from busbar.connections.operations.inspections import (
    InspectionOutcome,
    SeenFinding,
    UnableToInspect,
    hold_inspection,
    request_inspection,
)
from busbar.connections.operations.intake_seed import load_intake_seed
from busbar.connections.operations.issuing import (
    UnableToCompilePaper,
    UnableToIssueChangePaper,
    UnableToIssueRefundPaper,
    issue_acceptance_paper,
    issue_agreement_paper,
    issue_application_paper,
    issue_change_paper,
    issue_correction_paper,
    issue_design_review_paper,
    issue_energization_paper,
    issue_inspection_paper,
    issue_payment_paper,
    issue_refund_paper,
    issue_refusal_paper,
    issue_survey_paper,
)
from busbar.connections.operations.metering_plan import (
    FittedMeter,
    PlannedPoint,
    UnableToFitMeter,
    UnableToPlanMetering,
    fit_meter,
    plan_metering,
)
from busbar.connections.operations.papers import (
    PaperHead,
    UnableToIssuePaper,
    UnableToRecordReceipt,
    UnableToRevokePaper,
    issue_paper,
    record_paper_receipt,
    revoke_paper,
)
from busbar.connections.operations.receipts import (
    UnableToImportBankFile,
    UnableToMatchReceipt,
    UnableToUndoMatch,
    import_bank_file,
    match_receipt,
    undo_match,
)
from busbar.connections.operations.refunds import (
    UnableToDecideRefund,
    UnableToProveRefund,
    UnableToRequestRefund,
    approve_refund,
    prove_refund,
    refuse_refund,
    request_refund,
)
from busbar.connections.operations.registration import (
    UnableToIssueRegistration,
    compile_registration,
    issue_registration_record,
)
from busbar.connections.operations.reply import (
    UnableToObject,
    UnableToReply,
    object_to_scheme,
    reply_to_customer,
)
from busbar.connections.operations.review import UnableToReviewApplication, review_application
from busbar.connections.operations.seeding import load_charge_items, load_unit_costs
from busbar.connections.operations.starting import (
    order_metering_and_start,
    order_service_and_start,
    request_change_and_start,
    request_refund_and_start,
    start_change_process,
    start_connection_process,
    start_order_process,
    start_refund_process,
    submit_and_start,
)
from busbar.connections.operations.submit import UnableToSubmitApplication, submit_application
from busbar.connections.operations.survey import (
    Attendance,
    Candidate,
    SurveyFacts,
    UnableToAddPhoto,
    UnableToCancelSurvey,
    UnableToConcludeSurvey,
    UnableToPlanSurvey,
    add_survey_photo,
    cancel_survey,
    conclude_survey,
    plan_survey,
)
from busbar.connections.operations.temporary_supply import (
    UnableToEndTemporarySupply,
    remind_of_temporary_ends,
    terminate_temporary_supply,
)
from busbar.connections.operations.validity import (
    ExtensionBounds,
    UnableToExtendScheme,
    bounds_of,
    grant_extension,
    lapse_schemes,
    refuse_extension,
    request_extension,
)
from busbar.connections.operations.works_seed import load_works_seed
from busbar.connections.operations.works_start import UnableToStartWorks, report_work_start

__all__ = [
    "AgreementTerms", "AsBuilt", "Attendance", "Candidate", "Charge", "DescribedAlternative",
    "DesignRemark", "ExtensionBounds", "FittedMeter", "FormItem", "InspectionOutcome", "PaperHead",
    "PlannedPoint", "RecheckAnswer", "SeenFinding", "SurveyFacts", "Switching", "Trainee",
    "UnableToAcceptApplication", "UnableToAddDocument", "UnableToAddPhoto", "UnableToAgree",
    "UnableToAmendApplication", "UnableToAnswerCorrections", "UnableToApproveScheme",
    "UnableToCancelNotice", "UnableToCancelSurvey", "UnableToChooseAlternative",
    "UnableToChooseContractor", "UnableToCloseApplication", "UnableToCompilePaper",
    "UnableToConcludeSurvey", "UnableToCountersign", "UnableToDecideRefund", "UnableToDesignScheme",
    "UnableToDraftNotice", "UnableToEndTemporarySupply", "UnableToEnergize", "UnableToEnterArchive",
    "UnableToExtendScheme", "UnableToFitMeter", "UnableToGrantException",
    "UnableToGrantGreenChannel", "UnableToHandOverApplication", "UnableToHoldTraining",
    "UnableToImportBankFile", "UnableToInspect", "UnableToIssueChangePaper", "UnableToIssueNotice",
    "UnableToIssuePaper", "UnableToIssueRefundPaper", "UnableToIssueRegistration",
    "UnableToJudgeDocument", "UnableToKeepContractor", "UnableToKeepPayeeAccount",
    "UnableToMatchReceipt", "UnableToObject", "UnableToPlanMetering", "UnableToPlanSurvey",
    "UnableToProveRefund", "UnableToRecordReceipt", "UnableToRectify", "UnableToRefuseApplication",
    "UnableToRefuseGreenChannel", "UnableToRegisterSupply", "UnableToReply",
    "UnableToReportCompletion", "UnableToRequestCorrections", "UnableToRequestRefund",
    "UnableToReviewApplication", "UnableToReviewDesign", "UnableToRevokeGreenChannel",
    "UnableToRevokePaper", "UnableToStartWorks", "UnableToSubmitApplication",
    "UnableToSubmitScheme", "UnableToUndoMatch", "UnableToWithdrawApplication",
    "abort_energization", "accept_application", "add_document", "add_survey_photo",
    "amend_application", "answer_corrections", "answer_corrections_as_applicant", "approve_refund",
    "approve_scheme", "bounds_of", "cancel_fee_notice", "cancel_survey", "choose_alternative",
    "choose_contractor", "choose_contractor_as_applicant", "close_application",
    "close_payee_account", "compile_registration", "conclude_survey", "describe_alternatives",
    "draft_agreement", "draft_fee_notice", "energize_supply", "find_departments", "fit_meter",
    "give_opinion", "grant_exception", "grant_extension", "grant_green_channel",
    "grant_qualification", "hand_over_application", "hold_inspection", "import_bank_file",
    "issue_acceptance_paper", "issue_agreement_paper", "issue_application_paper",
    "issue_change_paper", "issue_correction_paper", "issue_design_review_paper",
    "issue_energization_paper", "issue_fee_notice", "issue_inspection_paper", "issue_paper",
    "issue_payment_paper", "issue_refund_paper", "issue_refusal_paper", "issue_registration_record",
    "issue_survey_paper", "judge_document", "lapse_schemes", "load_charge_items",
    "load_intake_seed", "load_unit_costs", "load_works_seed", "match_receipt", "object_to_scheme",
    "open_payee_account", "order_metering_and_start", "order_service_and_start", "plan_metering",
    "plan_survey", "prove_refund", "recheck_finding", "record_paper_receipt", "record_training",
    "rectify_finding", "refuse_application", "refuse_extension", "refuse_green_channel",
    "refuse_refund", "register_contractor", "register_supply", "remind_of_temporary_ends",
    "renew_qualification", "reply_to_customer", "report_completion", "report_work_start",
    "request_change_and_start", "request_corrections", "request_extension",
    "request_extension_as_applicant", "request_inspection", "request_refund",
    "request_refund_and_start", "return_scheme", "review_application", "review_design",
    "revoke_green_channel", "revoke_paper", "revoke_qualification", "sign_supply_agreement",
    "start_change_process", "start_connection_process", "start_order_process",
    "start_refund_process", "strike_off_contractor", "study_alternatives", "submit_and_start",
    "submit_application", "submit_design", "submit_scheme", "take_silence_as_consent",
    "terminate_temporary_supply", "undo_match", "withdraw_application",
]
# fmt: on
