"""The sources that catalogue and price rows cite, with the date on which they were read.

The documentation pages were copies of September to October 2026; those called "older" had by then left the
current documentation.
"""

from finetune_core.model_rules import Source

_UG = "https://docs.aws.amazon.com/bedrock/latest/userguide/"
_NOVA = "https://docs.aws.amazon.com/nova/latest/userguide/"
_NOVA2 = "https://docs.aws.amazon.com/nova/latest/nova2-userguide/"
_SAMPLES = "https://github.com/aws-samples/amazon-bedrock-samples/blob/85fba9d/custom-models/"

FT = Source("Bedrock fine-tuning models", _UG + "custom-model-fine-tuning.html", "2026-11-23")
SUPPORTED_OLD = Source(
    "Bedrock customization support (older)", _UG + "custom-model-supported.html", "2026-11-23"
)
PREP = Source("Bedrock data preparation", _UG + "model-customization-prepare.html", "2026-11-23")
HP = Source("Bedrock hyperparameters", _UG + "custom-models-hp.html", "2026-11-23")
LIFE = Source("Bedrock model lifecycle", _UG + "model-lifecycle.html", "2026-11-23")
RFT = Source("Bedrock RFT data for Nova", _UG + "rft-prepare-data.html", "2026-11-23")
RFT_JOB = Source("Bedrock RFT jobs for Nova", _UG + "rft-submit-job.html", "2026-11-28")
RFT_OPEN_DATA = Source(
    "Bedrock RFT data for open-weight models", _UG + "rft-prepare-data-open-weight.html", "2026-11-28"
)
RFT_OPEN_API = Source(
    "Bedrock fine-tuning with OpenAI APIs", _UG + "fine-tuning-openai-apis.html", "2026-11-23"
)
DIST = Source("Bedrock distillation", _UG + "prequisites-model-distillation.html", "2026-11-23")
PT_SUPPORT = Source("Bedrock Provisioned Throughput models", _UG + "prov-thru-supported.html", "2026-11-23")
ON_DEMAND = Source(
    "Bedrock on-demand custom models", _UG + "deploy-custom-model-on-demand.html", "2026-11-23"
)
QUOTA = Source("Bedrock quotas", "https://docs.aws.amazon.com/general/latest/gr/bedrock.html", "2026-11-23")
NOVA_DATA = Source("Nova data preparation", _NOVA + "fine-tune-prepare-data-understanding.html", "2026-11-23")
NOVA_HP = Source(
    "Nova hyperparameters", _NOVA + "fine-tune-hyperparameters-understanding-models.html", "2026-11-23"
)
NOVA_CANVAS = Source(
    "Nova Canvas data preparation", _NOVA + "fine-tune-prepare-data-creative-content.html", "2026-11-23"
)
NOVA2_DATA = Source(
    "Nova 2 data preparation", _NOVA2 + "fine-tune-prepare-data-understanding.html", "2026-11-23"
)
NOVA2_PREP = Source("Nova 2 SFT data preparation", _NOVA2 + "nova-data-prep-sft-2.html", "2026-11-28")
NOVA2_BEDROCK = Source("Bedrock Nova 2 fine-tuning data", _UG + "nova-2-sft-data-prep.html", "2026-11-28")
NOVA2_SFT = Source("Nova 2 supervised fine-tuning", _NOVA2 + "nova-fine-tune-2.html", "2026-11-23")
NOVA_CHECKER = Source(
    "AWS Nova dataset validator",
    "https://github.com/aws-samples/amazon-nova-samples/blob/1e88f24/customization/bedrock-finetuning/"
    "understanding/dataset_validation/nova_ft_dataset_validator.py",
    "2026-11-23",
)
CLAUDE_CHECKER = Source(
    "AWS Claude data validator",
    _SAMPLES + "bedrock-fine-tuning/claude-haiku/DataValidation/data_validation.py",
    "2026-11-23",
)
CLAUDE_COOKBOOK = Source(
    "Claude fine-tuning cookbook",
    "https://platform.claude.com/cookbook/finetuning-finetuning-on-bedrock",
    "2026-11-23",
)
LLAMA_CHECKER = Source(
    "AWS Llama dataset validator",
    "https://github.com/aws-samples/amazon-bedrock-samples/tree/85fba9d/custom-models/bedrock-fine-tuning/"
    "meta-llama/dataset_validation",
    "2026-11-23",
)
DIST_CHECKER = Source(
    "AWS distillation dataset validator",
    "https://github.com/aws-samples/amazon-bedrock-samples/tree/85fba9d/custom-models/model_distillation/"
    "dataset-validation",
    "2026-11-23",
)
API = Source(
    "Bedrock API model (botocore 1.44.5, bedrock 2023-04-20)",
    "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelCustomizationJob.html",
    "2026-11-23",
)
